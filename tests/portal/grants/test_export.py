"""The export under a grant: decided and recorded piece by piece, and it ends with the access."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from portal.catalog.models import Integration, Resource
from portal.grants.actions.decisions import revoke_grant
from portal.grants.exporting import PIECE
from portal.grants.models import AccessRecord, Grant
from tenants.access import Actor
from tenants.models import ApiToken, Entry, Membership, Policy
from tenants.scoping import organization_scope
from tests.cast import make_token_text
from tests.portal.grants.conftest import make_resource

ClientOf = Callable[..., Client]
CONSOLE = "/console/grants/acme/DIA-51/"


@pytest.fixture
def many(integration: Integration) -> int:
    """Resources for three pieces."""
    for number in range(2 * PIECE):
        make_resource(integration, f"wide_{number:04}")
    return Resource.objects.count()


@pytest.fixture
def engineer(active: Grant, sam: Membership, client_of: ClientOf) -> Client:
    client = client_of(sam)
    assert client.post(f"{CONSOLE}session/").status_code == 302
    return client


def revoke(active: Grant, sia: Membership, actor_of: Callable[..., Actor], at: datetime) -> None:
    with organization_scope(active.organization_id):
        revoke_grant(active, actor=actor_of(sia), at=at)


def test_a_whole_file_has_exactly_what_was_recorded(many: int, engineer: Client) -> None:
    answer: Any = engineer.get(f"{CONSOLE}resources.csv")
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))[1:]

    records = AccessRecord.objects.values_list("object_id", flat=True)
    assert sorted(row[0] for row in rows) == sorted(map(str, records))
    assert len(rows) == many


def test_a_file_that_is_being_sent_ends_with_the_access(
    many: int, engineer: Client, active: Grant, sia: Membership,
    actor_of: Callable[..., Actor], at: datetime,
) -> None:  # fmt: skip
    answer: Any = engineer.get(f"{CONSOLE}resources.csv")
    lines = iter(answer.streaming_content)
    sent = [next(lines).decode() for _ in range(11)]

    revoke(active, sia, actor_of, at)
    rest = b"".join(lines).decode().splitlines()

    assert len(sent) + len(rest) - 2 == PIECE
    assert "not complete" in rest[-1]
    assert AccessRecord.objects.count() == PIECE


def test_by_the_api_the_last_line_says_whether_it_is_whole(
    many: int, active: Grant, sam: Membership, sia: Membership, client: Client,
    actor_of: Callable[..., Actor], at: datetime,
) -> None:  # fmt: skip
    headers = {"authorization": f"Bearer {make_token_text(sam)}"}
    address = f"/api/v1/support/exports/{active.pk}"

    whole: Any = client.get(address, headers=headers)
    lines = b"".join(whole.streaming_content).decode().splitlines()
    assert [json.loads(lines[-1]), len(lines)] == [{"complete": True}, many + 1]

    cut: Any = client.get(address, headers=headers)
    pieces = iter(cut.streaming_content)
    next(pieces)
    revoke(active, sia, actor_of, at)
    assert json.loads(b"".join(pieces).decode().splitlines()[-1]) == {"complete": False}
    assert client.get(address, headers=headers).status_code == 404


@pytest.mark.parametrize(
    "change", [{"revoked_at": datetime(2026, 1, 1, tzinfo=UTC)}, {"scopes": []}]
)
def test_a_token_that_opens_nothing_any_more_gets_nothing_more(
    many: int, active: Grant, sam: Membership, client: Client, change: dict[str, Any]
) -> None:
    headers = {"authorization": f"Bearer {make_token_text(sam)}"}
    answer: Any = client.get(f"/api/v1/support/exports/{active.pk}", headers=headers)
    pieces = iter(answer.streaming_content)
    next(pieces)

    with organization_scope(sam.organization_id):
        ApiToken.objects.update(**change)

    lines = b"".join(pieces).decode().splitlines()
    assert json.loads(lines[-1]) == {"complete": False}
    assert AccessRecord.objects.count() == PIECE


CHANGES: dict[str, Callable[[datetime], object]] = {
    "signed out": lambda at: Entry.objects.update(ended_at=at),
    "signed in too long ago": lambda at: Entry.objects.update(
        authenticated_at=at - timedelta(hours=9)
    ),
    "another role": lambda _at: Membership.objects.filter(name="Sam Whitlock").update(
        role="vendor_auditor"
    ),
    "let in from elsewhere only": lambda _at: Policy.objects.update(address_rule="10.99.0.0/16"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whom_a_new_request_would_refuse_gets_nothing_more(
    many: int, engineer: Client, sam: Membership, at: datetime, change: str
) -> None:
    answer: Any = engineer.get(f"{CONSOLE}resources.csv")
    lines = iter(answer.streaming_content)
    next(lines)

    with organization_scope(sam.organization_id):
        assert CHANGES[change](at) == 1

    assert "not complete" in b"".join(lines).decode().splitlines()[-1]
    assert AccessRecord.objects.count() == PIECE


def test_without_a_session_it_leads_to_where_one_is_started(
    active: Grant, sam: Membership, client_of: ClientOf
) -> None:
    answer = client_of(sam).get(f"{CONSOLE}resources.csv")

    assert answer.headers["Location"] == CONSOLE
    assert not AccessRecord.objects.exists()


def test_every_page_of_the_console_tells_of_the_open_session(
    engineer: Client, lea: Membership, client_of: ClientOf
) -> None:
    pages = ["/console/", "/console/queue/", "/console/cases/", "/console/grants/"]
    for page in pages:
        assert "Support session at Acme Health" in engineer.get(page).content.decode(), page
        assert "Support session at" not in client_of(lea).get(page).content.decode()

    engineer.post(f"{CONSOLE}session/close/")

    assert "Support session at" not in engineer.get("/console/").content.decode()
