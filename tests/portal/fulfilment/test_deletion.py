"""A deletion from filing to the signed certificate."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from audit import sealing
from audit.canonical import canonical
from audit.signing import public_keys, replace_signing_key, sign
from portal.catalog.models import Field, ImportRun, Integration, Resource, Upload
from portal.fulfilment import ledger, readback
from portal.fulfilment.deletion.segments import Segment
from portal.fulfilment.deletion.storage import touched_tables
from portal.fulfilment.models import Certificate
from portal.fulfilment.running import run_ticket
from portal.tickets.actions import file_deletion
from portal.tickets.freezing import WritesFrozen, refuse_if_frozen
from portal.tickets.models import Step, Tally, Ticket
from portal.tickets.rules import Scope, Status
from portal.tickets.stores import references
from tenants.access import Actor
from tenants.models import Membership, Policy
from tenants.scoping import organization_scope
from tests.portal.fulfilment.conftest import Work, make_integration

pytestmark = pytest.mark.django_db(transaction=True)

ActorOf = Callable[..., Actor]
CANARY = "canary-7f3a-salaries"


@pytest.fixture(autouse=True)
def _no_cooling_off(ada: Membership) -> None:
    Policy.objects.update(cooling_off=timedelta(0))


@pytest.fixture
def by_ada(ada: Membership, actor_of: ActorOf) -> Actor:
    return actor_of(ada)


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


def test_one_integration_goes_and_another_stays(
    integration: Integration, ada: Membership, by_ada: Actor, at: datetime, work: Work
) -> None:
    other = make_integration(ada, at, name="Lake")
    ticket = work(file_one(by_ada, at, integration))
    assert ticket.status == Status.ERASED
    assert list(Integration.objects.all()) == [other]
    assert Field.objects.filter(integration=other).count() == 12
    stores = {row["store"]: row for row in Certificate.objects.get().content["stores"]}
    assert (stores["catalog_resource"]["before"], stores["catalog_resource"]["after"]) == (12, 0)
    assert stores["catalog_integration"]["before"] == 1


def test_all_metadata_goes_and_the_workspace_works_on(
    integration: Integration,
    ada: Membership,
    ned: Membership,
    by_ada: Actor,
    at: datetime,
    work: Work,
    client_of: Callable[..., Client],
) -> None:
    with organization_scope(ned.organization_id):
        make_integration(ned, at, name="Theirs")
    make_integration(ada, at, name="Lake", size=3)
    ticket = work(file_all(by_ada, at))
    assert ticket.status == Status.ERASED
    assert not Integration.objects.exists()
    with organization_scope(ned.organization_id):
        assert Resource.objects.count() == 12
    assert client_of(ada).get(f"/o/acme/requests/{ticket.number}/certificate/").status_code == 200
    make_integration(ada, at, name="Warehouse")
    refuse_if_frozen()


def test_files_keys_and_bytes_are_gone(
    integration: Integration, by_ada: Actor, at: datetime, work: Work
) -> None:
    path = f"artifacts/{integration.organization_id}/0.json"
    default_storage.save(path, ContentFile(CANARY))
    run = ImportRun.objects.create(integration=integration, queued_at=at, bytes_total=1)
    Upload.objects.create(
        integration=integration, run=run, kind="manifest", path=path, size=1, digest="0",
        uploaded_at=at, expires_at=at + timedelta(days=1),
    )  # fmt: skip
    Resource.objects.update(name=CANARY)
    sealed = [
        sealing.seal(
            CANARY, organization_id=integration.organization_id, purpose=purpose,
            subject=str(integration.pk), context="test",
        )
        for purpose in ("integration", "reply")
    ]  # fmt: skip
    ticket = work(file_all(by_ada, at))
    assert ticket.status == Status.ERASED
    assert not default_storage.exists(path)
    for text in sealed:
        with pytest.raises(sealing.KeyDestroyed):
            sealing.unseal(text, organization_id=integration.organization_id, context="test")
    if connection.vendor == "sqlite":
        name = Path(connection.settings_dict["NAME"])
        for file in name.parent.glob(f"{name.name}*"):
            assert CANARY.encode() not in file.read_bytes(), file


@pytest.mark.parametrize("scope", [Scope.ALL_METADATA, Scope.INTEGRATION])
def test_files_that_no_row_names_go_from_however_deep(
    scope: Scope,
    integration: Integration,
    ada: Membership,
    by_ada: Actor,
    at: datetime,
    work: Work,
) -> None:
    """The symptom: the eraser looked one level deep, the read-back deeper, and they never met."""
    home = f"artifacts/{integration.organization_id}"
    other = make_integration(ada, at, name="Lake")
    mine = [f"{home}/{integration.pk}/left.json", f"{home}/{integration.pk}/a/b/left.json"]
    theirs = [f"{home}/{other.pk}/left.json", f"{home}/a/left.json"]
    for name in [*mine, *theirs]:
        default_storage.save(name, ContentFile(CANARY))
    is_one = scope == Scope.INTEGRATION

    ticket = work(file_one(by_ada, at, integration) if is_one else file_all(by_ada, at))

    assert ticket.status == Status.ERASED
    assert Step.objects.get(ticket=ticket, name="verification").rounds == 1
    assert [default_storage.exists(name) for name in mine] == [False, False]
    assert [default_storage.exists(name) for name in theirs] == [is_one, is_one]
    assert not default_storage.exists(f"{home}/{integration.pk}")
    tally = Tally.objects.get(ticket=ticket, store="files")
    assert tally.before == tally.erased == (2 if is_one else 4)
    for name in theirs:
        default_storage.delete(name)


def test_the_inventory_keeps_numbers_and_a_hash_and_no_names(
    integration: Integration, by_ada: Actor, at: datetime, work: Work
) -> None:
    home = f"artifacts/{integration.organization_id}/{integration.pk}"
    for number in range(3):
        default_storage.save(f"{home}/{number}.json", ContentFile("{}"))
    ticket = work(file_one(by_ada, at, integration))
    kept = Step.objects.get(ticket=ticket, name="inventory").result
    assert set(kept) == {"rows", "files", "keys", "files_digest"}
    assert (kept["files"], len(kept["files_digest"])) == (3, 64)
    assert ".json" not in str(kept)


@pytest.mark.parametrize("scope", [Scope.ALL_METADATA, Scope.INTEGRATION])
def test_every_table_that_held_something_is_cleaned(scope: Scope) -> None:
    ticket = Ticket(scope=scope, subject_id=UUID(int=1))
    tables = touched_tables(ticket)
    assert len(tables) == len(set(tables))
    assert {"audit_datakey", "catalog_integration", "catalog_resource"} <= set(tables)
    assert {model._meta.db_table for model, _field in references(scope)} <= set(tables)


def test_what_the_eraser_leaves_keeps_the_request_open(
    integration: Integration,
    by_ada: Actor,
    at: datetime,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The symptom: a certificate over rows that are still there."""
    original = Segment.delete
    slips: list[Segment] = []

    def slip_once(segment: Segment, *args: Any) -> int:
        if "field" in segment.table and not slips:
            slips.append(segment)
            return 0
        return original(segment, *args)

    monkeypatch.setattr(Segment, "delete", slip_once)
    with connection.constraint_checks_disabled():
        ticket = work(file_one(by_ada, at, integration))
    assert slips
    if connection.vendor == "postgresql":  # its foreign keys refuse the slip on the spot
        assert ticket.status == Status.RETRYING
        assert not Certificate.objects.exists()
    else:
        assert ticket.status == Status.ERASED
        assert Step.objects.get(ticket=ticket, name="verification").rounds == 2


def test_a_table_nobody_declared_counts_as_left_over(
    integration: Integration, by_ada: Actor, at: datetime, work: Work
) -> None:
    column = "uuid" if connection.vendor == "postgresql" else "char(32)"
    owner = integration.organization_id
    value = owner if connection.vendor == "postgresql" else owner.hex
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("reset role")
        cursor.execute(f"create table forgotten (id int, organization_id {column})")
        cursor.execute("insert into forgotten values (1, %s)", [value])
        if connection.vendor == "postgresql":
            cursor.execute("grant select on forgotten to public")
            cursor.execute(f'set role "{settings.DATABASE_ROLE}"')
    try:
        assert "forgotten" in readback.tables_to_check(Ticket(scope=Scope.ALL_METADATA))
        ticket = work(file_all(by_ada, at))
        assert ticket.is_open
        assert Tally.objects.get(ticket=ticket, store="forgotten").after == 1
        assert not Certificate.objects.exists()
    finally:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("reset role")
            cursor.execute("drop table forgotten")


def test_nothing_can_be_written_into_the_scope_meanwhile(
    integration: Integration, by_ada: Actor, at: datetime
) -> None:
    ticket = file_one(by_ada, at, integration)
    run_ticket(ticket.pk, bulk=True)
    with pytest.raises(WritesFrozen):
        refuse_if_frozen(integration.pk)
    refuse_if_frozen()


def test_the_cooling_off_holds_the_worker_back(
    integration: Integration, by_ada: Actor, at: datetime, work: Work
) -> None:
    Policy.objects.update(cooling_off=timedelta(minutes=15))
    ticket = work(file_one(by_ada, at, integration))
    assert ticket.status == Status.COOLING_OFF
    assert Resource.objects.count() == 12


def test_the_ledger_names_the_erasure_once(
    integration: Integration, by_ada: Actor, at: datetime, work: Work
) -> None:
    ticket = work(file_one(by_ada, at, integration))
    assert not ledger.append(ticket, at=at)
    lines = [line for line in ledger.lines() if line["ticket"] == str(ticket.pk)]
    assert [line["subject"] for line in lines] == [str(integration.pk)]


class TestCertificate:
    @pytest.fixture
    def folder(
        self,
        integration: Integration,
        by_ada: Actor,
        at: datetime,
        work: Work,
        tmp_path: Path,
        ada: Membership,
        client_of: Callable[..., Client],
    ) -> Path:
        ticket = work(file_one(by_ada, at, integration))
        where = f"/o/acme/requests/{ticket.number}/certificate.json"
        (tmp_path / "certificate.json").write_bytes(client_of(ada).get(where).content)
        (tmp_path / "keys.json").write_text(json.dumps(public_keys()))
        return tmp_path

    def verify(self, folder: Path) -> None:
        call_command("certificate_verify", folder / "certificate.json", keys=folder / "keys.json")

    def test_verifies_with_the_published_keys(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.verify(folder)
        assert "Valid. DEL-301 of Acme Health" in capsys.readouterr().out

    def test_fails_after_one_changed_byte_anywhere(self, folder: Path) -> None:
        file = folder / "certificate.json"
        good = file.read_bytes()
        for place in range(5, len(good) - 1, 97):
            changed = bytearray(good)
            changed[place] ^= 1
            file.write_bytes(bytes(changed))
            with pytest.raises(CommandError):
                self.verify(folder)

    def test_fails_when_signed_again_with_another_key(self, folder: Path) -> None:
        file = folder / "certificate.json"
        document = json.loads(file.read_text())
        del document["signature"]
        replace_signing_key()
        file.write_text(canonical(sign({**document, "residue": 0})))
        with pytest.raises(CommandError, match="not a trusted key"):
            self.verify(folder)

    def test_a_key_inside_the_certificate_is_never_used(self, folder: Path) -> None:
        file = folder / "certificate.json"
        replace_signing_key()
        document = {**json.loads(file.read_text()), "keys": public_keys()["keys"]}
        file.write_text(canonical(sign(document)))
        with pytest.raises(CommandError):
            self.verify(folder)
