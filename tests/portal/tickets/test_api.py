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

SCOPES = ["ticket:view", "revocation:file", "deletion:file", "member:view", "ticket:work"]


class Caller:
    def __init__(self, text: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {text}"})

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1/{path}")

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
