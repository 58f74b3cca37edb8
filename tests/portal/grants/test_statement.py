"""The statement: every record and nothing else, in every form, signed, without names for staff."""

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.signing import SignatureWrong, own_keys, verify
from portal.catalog.models import Integration, Resource
from portal.fulfilment import verify_certificate as offline
from portal.grants.actions.decisions import revoke_grant
from portal.grants.actions.sessions import open_support_session
from portal.grants.door import open_door
from portal.grants.models import AccessRecord, Grant
from portal.grants.reading import read_integrations, read_resources
from portal.grants.rules import Capability
from portal.grants.statements import use_of
from tenants.access import Actor
from tenants.models import Membership
from tests.cast import make_token_text
from tests.portal.grants.conftest import make_resource

StaffOf = Callable[[Membership], Actor]
ClientOf = Callable[..., Client]
HERE = "/o/acme/access/DIA-51/"


@pytest.fixture
def used(
    integration: Integration, active: Grant, sam: Membership, staff_of: StaffOf, at: datetime
) -> Grant:
    """Sam has read the status and the resources, one of them with a hostile name."""
    make_resource(integration, "=cmd|'/C calc'!A0")
    Resource.objects.filter(name__startswith="=").update(schema="=1")
    open_support_session(active, actor=staff_of(sam), at=at)
    for capability, read in (
        (Capability.STATUS, read_integrations),
        (Capability.METADATA, read_resources),
    ):
        with open_door(
            active.pk, visitor=staff_of(sam), at=at, capability=capability, route="test"
        ) as opening:
            read(opening)
    return active


def test_the_spreadsheet_has_a_row_for_each_record_and_runs_nothing(
    used: Grant, sia: Membership, client_of: ClientOf
) -> None:
    answer = client_of(sia).get(f"{HERE}statement.csv")

    rows = list(csv.reader(io.StringIO(answer.content.decode())))[1:]
    assert {row[-1] for row in rows} == {str(row.pk) for row in AccessRecord.objects.all()}
    assert len(rows) == 5
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_the_signed_file_holds_and_breaks_when_a_record_is_taken_out(
    used: Grant, sia: Membership, client_of: ClientOf, tmp_path: Path
) -> None:
    document = json.loads(client_of(sia).get(f"{HERE}statement.json").content)

    verify(document, own_keys())
    assert {row["id"] for row in document["records"]} == {
        str(row.pk) for row in AccessRecord.objects.all()
    }
    assert document["reads"] == 5
    assert not document["is_final"]
    assert offline.summary(document).startswith("Valid. Statement of DIA-51 at Acme Health: 5 ")
    published = tmp_path / "keys.json"
    published.write_bytes(client_of(sia).get("/.well-known/gatehouse-keys.json").content)
    offline.check(document, offline.read_keys(published))
    document["records"].pop()
    with pytest.raises(offline.Refused):
        offline.check(document, offline.read_keys(published))
    with pytest.raises(SignatureWrong):
        verify(document, own_keys())


def test_asks_the_database_as_often_for_many_as_for_few(
    used: Grant, integration: Integration, sia: Membership, client_of: ClientOf
) -> None:
    client, session = client_of(sia), AccessRecord.objects.all()[0].session

    def asked() -> list[int]:
        counts = []
        for form in ("log/", "statement.csv", "statement.json"):
            with CaptureQueriesContext(connection) as caught:
                assert client.get(HERE + form).status_code == 200
            counts.append(len(caught))
        return counts

    few = asked()
    AccessRecord.objects.bulk_create(
        AccessRecord(
            grant=used, session=session, at=used.approved_at, kind="resource",
            object_id=integration.pk, label=f"t{n}", fields=["name"], masked=False, route="x",
        )
        for n in range(45)
    )  # fmt: skip

    assert asked() == few


def test_staff_get_their_own_without_names(
    used: Grant, ada: Membership, sam: Membership, lea: Membership, client_of: ClientOf,
    client: Client,
) -> None:  # fmt: skip
    def call(who: Membership, path: str) -> Any:
        headers = {"authorization": f"Bearer {make_token_text(who)}"}
        return client.get(f"/api/v1/{path}", headers=headers)

    theirs = call(ada, f"statements/{used.pk}").json()
    mine = call(sam, f"support/statements/{used.pk}").json()
    page = client_of(sam).get("/console/grants/acme/DIA-51/statement/").content.decode()

    verify(theirs, own_keys())
    verify(mine, own_keys())
    ids = [row["object_id"] for row in theirs["records"]]
    assert [row["object_id"] for row in mine["records"]] == ids
    assert "shop.orders_0" in str(theirs)
    for said in (str(mine), page):
        assert "orders_0" not in said
    assert ids[0] in page
    assert call(ada, f"support/statements/{used.pk}").status_code == 404
    assert call(sam, f"statements/{used.pk}").status_code == 404


def test_time_used_ends_with_the_session(
    used: Grant, sia: Membership, actor_of: Callable[..., Actor], at: datetime
) -> None:
    assert use_of(used, at + timedelta(minutes=5)).time_used == timedelta(minutes=5)

    revoke_grant(used, actor=actor_of(sia), at=at + timedelta(minutes=7))

    assert use_of(used, at + timedelta(hours=3)).time_used == timedelta(minutes=7)
