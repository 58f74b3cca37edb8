"""A database restored from a backup brings nothing back that was erased since."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as ours
from django.core import serializers
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.test import Client

from audit.models import Event
from portal.catalog.models import Integration, Resource
from portal.fulfilment import ledger, owing, running
from portal.fulfilment.deletion.segments import Segment
from portal.fulfilment.models import Certificate
from portal.queue.models import Heartbeat
from portal.tickets.actions import file_deletion
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope, Status
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.clock import now
from tenants.models import Membership, Policy
from tenants.scoping import organization_scope
from tests.portal.fulfilment.conftest import Work, make_integration

pytestmark = pytest.mark.django_db(transaction=True)

ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
CANARY = "canary-9b1d-payroll"
only_sqlite = pytest.mark.skipif(
    ours.DATABASES["default"]["ENGINE"].endswith("postgresql"), reason="copies a database file"
)


@pytest.fixture(autouse=True)
def _no_cooling_off(ada: Membership) -> None:
    Policy.objects.update(cooling_off=timedelta(0))


@pytest.fixture
def integration(ada: Membership, at: datetime) -> Integration:
    made = make_integration(ada, at, name="Warehouse")
    Resource.objects.update(name=CANARY)
    return made


def file_one(actor: Actor, at: datetime, integration: Integration) -> Ticket:
    return file_deletion(
        Scope.INTEGRATION,
        actor=actor,
        at=at,
        confirmation=integration.name,
        integration_id=integration.pk,
    )


def file_all(actor: Actor, at: datetime) -> Ticket:
    return file_deletion(
        Scope.ALL_METADATA, actor=actor, at=at, confirmation=actor.organization.name
    )


def database_file() -> Path:
    return Path(connection.settings_dict["NAME"])


@contextmanager
def backup(folder: Path) -> Iterator[None]:
    """The database as it stands now is put back at the end, as an operator would do it."""
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    copy = shutil.copy(database_file(), folder / "backup.sqlite3")
    yield
    connection.close()
    for ending in ("-wal", "-shm"):
        database_file().with_name(f"{database_file().name}{ending}").unlink(missing_ok=True)
    shutil.copy(copy, database_file())
    owing.forget()


def replay(capsys: Any) -> str:
    capsys.readouterr()
    call_command("replay_erasures")
    said: str = capsys.readouterr().out
    return said


def ready(client: Client) -> Any:
    (ours.BROKER_FOLDER / "messages").mkdir(parents=True, exist_ok=True)
    for part in ("beat", "worker"):
        Heartbeat.pulse(part, at=now())
    return client.get("/readyz")


@only_sqlite
@pytest.mark.parametrize("file", [file_one, lambda actor, at, _: file_all(actor, at)])
def test_a_restored_backup_is_not_served_until_it_is_erased_again(
    file: Callable[..., Ticket],
    integration: Integration,
    ada: Membership,
    ned: Membership,
    actor_of: ActorOf,
    client_of: ClientOf,
    at: datetime,
    work: Work,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    browser, neighbour = client_of(ada), client_of(ned)
    _token, text = issue_token(
        actor=actor_of(ada), at=at, name="ci", scopes=["team:view"], lasts=timedelta(days=1)
    )
    bearer = {"Authorization": f"Bearer {text}"}
    with backup(tmp_path):
        ticket = work(file(actor_of(ada), at, integration))
        assert ticket.status == Status.ERASED
    assert Resource.objects.filter(name=CANARY).count() == 12

    assert_shut(browser, bearer)
    assert neighbour.get("/o/globex/").status_code == 200
    assert neighbour.get("/o/acme/").status_code == 404

    said = replay(capsys)

    assert f"{ticket.number} ({ticket.scope})" in said
    assert "Nothing is owed." in said
    assert not Integration.objects.exists()
    again = Ticket.objects.get(pk=ticket.pk)
    assert (again.number, again.status) == (ticket.number, Status.ERASED)
    assert Certificate.objects.get().ticket_id == ticket.pk
    assert Event.objects.filter(name="ticket.replayed").count() == 1
    assert_open(browser, bearer)


def assert_shut(browser: Client, bearer: dict[str, str]) -> None:
    shut = browser.get("/o/acme/integrations/")
    assert shut.status_code == 503
    assert CANARY not in shut.content.decode()
    assert "backup" in shut.content.decode()
    assert browser.get("/o/acme/").status_code == 503
    called = Client().get("/api/v1/me", headers=bearer)
    assert (called.status_code, called.json()["code"]) == (503, "workspace-held")
    with pytest.raises(CommandError, match="backup"):
        call_command("integrations", "--organization=acme")
    assert ready(Client()).status_code == 503
    assert "replay_erasures" in ready(Client()).json()["checks"]["erasures"]


def assert_open(browser: Client, bearer: dict[str, str]) -> None:
    connection.close()
    for found in database_file().parent.glob(f"{database_file().name}*"):
        assert CANARY.encode() not in found.read_bytes(), found
    assert ready(Client()).json()["checks"]["erasures"] == "ok"
    assert browser.get("/o/acme/").status_code == 200
    assert Client().get("/api/v1/me", headers=bearer).status_code == 200


@only_sqlite
def test_a_second_replay_does_nothing_and_new_data_is_safe(
    integration: Integration,
    ada: Membership,
    actor_of: ActorOf,
    at: datetime,
    work: Work,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with backup(tmp_path):
        work(file_all(actor_of(ada), at))
    replay(capsys)
    make_integration(ada, at, name="New")
    events = Event.objects.count()

    assert replay(capsys) == "0 erasures done again. Nothing is owed.\n"

    assert Integration.objects.get().name == "New"
    assert Event.objects.count() == events


@only_sqlite
def test_a_number_that_is_given_again_is_never_given_twice(
    integration: Integration,
    ada: Membership,
    actor_of: ActorOf,
    at: datetime,
    work: Work,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with backup(tmp_path):
        erased = work(file_one(actor_of(ada), at, integration))
    replay(capsys)
    other = make_integration(ada, at, name="Lake")

    following = file_one(actor_of(ada), now(), other)

    assert int(following.number.split("-")[1]) == int(erased.number.split("-")[1]) + 1


@only_sqlite
@pytest.mark.parametrize("status", [Status.COOLING_OFF, Status.AWAITING_SECOND])
def test_a_restored_request_that_waits_does_not_wait_again(
    status: Status,
    integration: Integration,
    ada: Membership,
    actor_of: ActorOf,
    at: datetime,
    work: Work,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Policy.objects.update(
        cooling_off=timedelta(minutes=15),
        second_person_for_deletion=status == Status.AWAITING_SECOND,
    )
    ticket = file_one(actor_of(ada), at, integration)
    with backup(tmp_path):
        past = now() - timedelta(seconds=1)
        Ticket.objects.update(
            status=Status.COOLING_OFF, confirmed_at=past, cooling_off_until=past, wake_at=past
        )
        work(ticket)
        assert not Resource.objects.exists()
    assert Ticket.objects.get().status == status

    assert "Nothing is owed." in replay(capsys)

    assert not Resource.objects.exists()
    assert Ticket.objects.get().status == Status.ERASED


def noted(ada: Membership, integration: Integration, at: datetime) -> None:
    """An erasure of which the ledger knows, and not the database: it is older."""
    forgotten = Ticket(
        organization_id=ada.organization_id,
        number="DEL-900",
        scope=Scope.INTEGRATION,
        subject_kind="integration",
        subject_id=integration.pk,
    )
    ledger.append(forgotten, at=at)


def put_back(rows: str) -> None:
    """On any engine: the rows of a backup, one by one."""
    for row in serializers.deserialize("json", rows):
        row.save()


def test_rows_that_come_back_are_erased_on_every_engine(
    integration: Integration,
    ada: Membership,
    actor_of: ActorOf,
    client_of: ClientOf,
    at: datetime,
    work: Work,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept: list[models.Model] = [integration, *Resource.objects.all()]
    for row in kept:
        row.organization  # noqa: B018  (read while the scope is open)
    rows = serializers.serialize("json", kept)
    work(file_one(actor_of(ada), at, integration))
    put_back(rows)
    noted(ada, integration, at)
    owing.forget()
    assert client_of(ada).get("/o/acme/").status_code == 503

    assert "DEL-900 (integration)" in replay(capsys)

    assert not Resource.objects.exists()
    assert client_of(ada).get("/o/acme/").status_code == 200
    assert file_one(actor_of(ada), now(), make_integration(ada, at, name="N")).number == "DEL-901"


def test_an_erasure_at_work_does_not_shut_its_own_workspace(
    integration: Integration,
    ada: Membership,
    actor_of: ActorOf,
    client_of: ClientOf,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
    work: Work,
) -> None:
    seen: list[int] = []
    settle = running.settle_step

    def look_then_settle(job: Any, outcome: Any, **options: Any) -> None:
        if job.step.name in {"ledger", "keys", "storage"}:
            owing.forget()
            seen.append(len(owing.owed()))
        settle(job, outcome, **options)

    monkeypatch.setattr(running, "settle_step", look_then_settle)
    ticket = work(file_one(actor_of(ada), at, integration))

    assert ticket.status == Status.ERASED
    assert seen == [0, 0, 0]
    assert client_of(ada).get("/o/acme/").status_code == 200


def test_a_dry_run_says_what_is_owed_and_erases_nothing(
    integration: Integration, ada: Membership, at: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    noted(ada, integration, at)
    call_command("replay_erasures", dry_run=True)
    assert "1 erasures are owed." in capsys.readouterr().out
    assert Integration.objects.exists()
    assert replay(capsys).startswith("DEL-900 (integration) of organization")
    assert not Integration.objects.exists()
    assert Ticket.objects.get().number == "DEL-900"
    assert Ticket.objects.get().requester_name == "Gatehouse"


def test_an_organization_that_is_not_here_owes_nothing(
    ada: Membership, at: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = Ticket(
        organization_id=os.urandom(16).hex(),
        number="DEL-9",
        scope=Scope.ALL_METADATA,
        subject_kind="organization",
        subject_id=ada.organization_id,
    )
    ledger.append(gone, at=at)
    assert replay(capsys).endswith("Nothing is owed.\n")


def test_what_cannot_be_erased_now_is_told_and_stays_shut(
    integration: Integration,
    ada: Membership,
    client_of: ClientOf,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted(ada, integration, at)

    def broken(*_args: object) -> int:
        raise OSError("disk")

    monkeypatch.setattr(Segment, "delete", broken)
    with pytest.raises(CommandError, match="1 of 1") as told:
        call_command("replay_erasures")
    assert told.value.returncode == 3
    with organization_scope(ada.organization_id):
        assert client_of(ada).get("/o/acme/").status_code == 503
