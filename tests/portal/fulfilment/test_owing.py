"""Readiness and the erasure ledger: cheap to ask, and true after a restore under a running part."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.catalog.models import Integration, Resource
from portal.fulfilment import ledger, owing
from portal.fulfilment.ledger import ledger_file
from portal.tickets.actions import file_deletion
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope, Status
from portal.tickets.subjects import Wish
from tenants.access import Actor
from tenants.models import Membership, Organization, Policy
from tenants.scoping import system_scope
from tests.portal.fulfilment.conftest import Work, make_integration

pytestmark = pytest.mark.django_db(transaction=True)
only_sqlite = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="the backup is a copy of the database's file"
)

SHUT = "1 restored workspaces are shut: run `manage.py replay_erasures`"


@pytest.fixture
def by_ada(ada: Membership, actor_of: Callable[..., Actor]) -> Actor:
    Policy.objects.update(cooling_off=timedelta(0))
    return actor_of(ada)


# Never beside the browser's tests: their servers hold the file open that is put back here.
@contextmanager
def restored(folder: Path) -> Iterator[None]:
    """What stood before comes back at the end, under a process that goes on."""
    connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    name = Path(connection.settings_dict["NAME"])
    copy = shutil.copy(name, folder / "backup.sqlite3")
    yield
    connection.close()
    for ending in ("-wal", "-shm"):
        name.with_name(f"{name.name}{ending}").unlink(missing_ok=True)
    shutil.copy(copy, name)


def delete(actor: Actor, at: datetime, integration: Integration) -> Ticket:
    wish = Wish(Scope.INTEGRATION, integration_id=integration.pk)
    return file_deletion(wish, actor=actor, at=at, confirmation=integration.name)


@only_sqlite
@pytest.mark.parametrize("more", [0, 1])
def test_a_restore_under_a_running_process_shows_at_the_next_question(
    more: int, ada: Membership, by_ada: Actor, at: datetime, work: Work, tmp_path: Path
) -> None:
    """The ledger did not change; the database did. `more` erasures came before the backup."""
    for number in range(more):
        work(delete(by_ada, at, make_integration(ada, at, name=f"Old {number}", size=1)))
    integration = make_integration(ada, at, name="Warehouse", size=1)
    with restored(tmp_path):
        assert work(delete(by_ada, at, integration)).status == Status.ERASED
        assert owing.problem() == ""
    assert owing.problem() == SHUT
    assert owing.held_organizations() == {ada.organization_id}
    call_command("replay_erasures")
    assert owing.problem() == ""
    assert not Resource.objects.exists()


def test_what_another_process_notes_is_compared_from_where_reading_ended(
    integration: Integration, by_ada: Actor, at: datetime, work: Work
) -> None:
    work(delete(by_ada, at, integration))
    assert owing.problem() == ""
    forgotten = Ticket(
        organization_id=by_ada.organization_id, number="DEL-900", scope=Scope.ALL_METADATA,
        subject_kind="organization", subject_id=by_ada.organization_id,
    )  # fmt: skip
    ledger.append(forgotten, at=at)
    assert owing.problem() == SHUT


def test_a_ledger_put_in_its_place_is_read_whole(
    integration: Integration, by_ada: Actor, at: datetime, work: Work
) -> None:
    forgotten = Ticket(
        organization_id=by_ada.organization_id, number="DEL-900", scope=Scope.ALL_METADATA,
        subject_kind="organization", subject_id=by_ada.organization_id,
    )  # fmt: skip
    ledger.append(forgotten, at=at)
    line = ledger_file().read_bytes()
    ledger_file().unlink()
    work(delete(by_ada, at, integration))
    assert owing.problem() == ""
    whole = line + ledger_file().read_bytes()
    ledger_file().unlink()
    ledger_file().write_bytes(whole)
    assert owing.problem() == SHUT


def test_asking_costs_the_same_however_long_the_ledger_is(
    integration: Integration, by_ada: Actor, at: datetime, work: Work
) -> None:
    work(delete(by_ada, at, integration))
    assert owing.problem() == ""
    with CaptureQueriesContext(connection) as few:
        assert owing.problem() == ""
    line = ledger_file().read_bytes()
    ledger_file().write_bytes(line * 5000)
    owing.forget()
    assert owing.problem() == ""
    with CaptureQueriesContext(connection) as many:
        assert owing.problem() == ""
    assert len(many) == len(few)


@pytest.mark.thorough
@only_sqlite
@pytest.mark.parametrize("scope", [Scope.PERSON, Scope.DATA_CLASS, Scope.CLOSE])
def test_each_scope_is_erased_again_after_a_restore(
    scope: Scope,
    integration: Integration,
    ada: Membership,
    mia: Membership,
    by_ada: Actor,
    at: datetime,
    work: Work,
    tmp_path: Path,
) -> None:
    """The backup knows the person as a member with access, and the workspace as open."""
    name = {Scope.PERSON: mia.name, Scope.DATA_CLASS: "Metrics and results of checks"}
    wish = Wish(scope, member_id=mia.pk, data_class="metrics")
    with restored(tmp_path):
        file_deletion(
            wish, actor=by_ada, at=at, confirmation=name.get(scope, "Acme Health"),
            reason="over", revoke=True,
        )  # fmt: skip
        for ticket in Ticket.objects.order_by("-kind"):
            work(ticket)
        assert set(Ticket.objects.values_list("status", flat=True)) <= {"erased", "completed"}
    assert Membership.objects.filter(pk=mia.pk, status="active").exists()

    call_command("replay_erasures")

    assert owing.problem() == ""
    assert Membership.objects.filter(pk=mia.pk).exists() == (scope == Scope.DATA_CLASS)
    assert Ticket.objects.get(kind="deletion").status == Status.ERASED
    with system_scope("as everybody"):
        status = Organization.objects.get(pk=ada.organization_id).status
    assert status == ("closed" if scope == Scope.CLOSE else "active")
