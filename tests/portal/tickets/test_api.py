"""Requests through the API."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from portal.tickets.models import Ticket
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import Membership

pytestmark = pytest.mark.django_db

SCOPES = [
    "ticket:view", "revocation:file", "deletion:file", "deletion:close_organization",
    "member:view", "ticket:work",
]  # fmt: skip


class Caller:
    def __init__(self, text: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {text}"})

    def get(self, path: str, query: dict[str, str] | None = None) -> Any:
        return self.client.get(f"/api/v1/{path}", query)

    def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.client.post(
            f"/api/v1/{path}", body or {}, content_type="application/json", headers=headers
        )


@pytest.fixture
def call(
    ada: Membership, actor_of: Callable[..., Actor], client_of: Callable[..., Client], at: datetime
) -> Caller:
    client_of(ada)  # a session that has just stepped up
    _token, text = issue_token(
        actor=actor_of(ada), at=at, name="ci", scopes=SCOPES, lasts=timedelta(days=1)
    )
    return Caller(text)


def test_a_revocation_is_filed_once(call: Caller, mia: Membership) -> None:
    first = call.post("tickets/revocations", {"member": str(mia.pk)})
    assert first.status_code == 201
    assert first.json()["number"] == "REV-1001"
    assert first["Location"] == f"/api/v1/tickets/{first.json()['id']}"
    again = call.post("tickets/revocations", {"member": str(mia.pk)})
    assert again.json()["id"] == first.json()["id"]
    assert call.get("tickets").json()["results"][0]["status"] == "contained"
    evidence = call.get(f"tickets/{first.json()['id']}/evidence").json()
    assert [step["name"] for step in evidence["steps"]][-1] == "proof"


def test_a_deletion_needs_the_name_and_a_version_to_withdraw(call: Caller) -> None:
    wrong = call.post("tickets/deletions", {"scope": "all_metadata", "confirmation": "no"})
    assert wrong.status_code == 422
    filed = call.post("tickets/deletions", {"scope": "all_metadata", "confirmation": "Acme Health"})
    assert filed.status_code == 201
    where = f"tickets/{filed.json()['id']}/withdraw"
    assert call.post(where).status_code == 428
    assert call.post(where, **{"If-Match": '"99"'}).status_code == 412
    done = call.post(where, **{"If-Match": filed["ETag"]})
    assert (done.status_code, done.json()["status"]) == (200, "withdrawn")
    assert call.post(where, **{"If-Match": done["ETag"]}).status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"member": "nobody"}, 422),
        ({"member": "018f0000-0000-7000-8000-000000000000"}, 422),
        ({"member": 7, "status": "completed"}, 422),
    ],
)
def test_what_does_not_hold_is_refused(call: Caller, body: dict[str, Any], status: int) -> None:
    assert call.post("tickets/revocations", body).status_code == status
    assert not Ticket.objects.exists()


def test_the_effect_of_a_deletion_is_told_without_filing_it(call: Caller, mia: Membership) -> None:
    told = call.get("tickets/deletions/effect", {"scope": "person", "member": str(mia.pk)})
    assert told.status_code == 200, told.text
    effect = told.json()
    assert effect["confirmation"] == mia.name
    assert {"store": "People, teams and roles", "count": 1} in effect["goes"]
    assert "Requests and support cases they filed or decided" in {
        line["what"] for line in effect["stays"]
    }
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scope": "person"}, "member"),
        ({"scope": "person", "member": "018f0000-0000-7000-8000-000000000000"}, "member"),
        ({"scope": "data_class"}, "data_class"),
        ({"scope": "data_class", "data_class": "requests"}, "data_class"),
        ({"scope": "close", "confirmation": "Acme Health"}, "reason"),
        ({"scope": "member"}, "scope"),
    ],
)
def test_a_deletion_without_its_subject_is_refused_at_its_field(
    call: Caller, body: dict[str, Any], field: str
) -> None:
    answer = call.post("tickets/deletions", {"confirmation": "x", **body})
    assert answer.status_code == 422
    assert field in answer.text
    assert not Ticket.objects.exists()


def test_a_persons_data_goes_only_with_their_access(call: Caller, mia: Membership) -> None:
    body = {"scope": "person", "member": str(mia.pk), "confirmation": mia.name}
    refused = call.post("tickets/deletions", body)
    assert (refused.status_code, "Revoke the access" in refused.text) == (422, True)
    assert not Ticket.objects.exists()
    filed = call.post("tickets/deletions", {**body, "revoke": True})
    assert (filed.status_code, filed.json()["scope"]) == (201, "person")
    assert sorted(Ticket.objects.values_list("kind", flat=True)) == ["deletion", "revocation"]
