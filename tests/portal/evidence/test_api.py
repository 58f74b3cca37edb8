"""The audit log through the REST API."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from audit.names import EventName
from audit.tree import seal_pending
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import Membership
from tenants.permissions import Permission
from tenants.scoping import organization_scope

URL = "/api/v1/events"


@pytest.fixture
def bearer(actor_of: Callable[..., Any], at: datetime) -> Callable[..., dict[str, str]]:
    def of(member: Membership, *scopes: str) -> dict[str, str]:
        actor: Actor = actor_of(member)
        _token, text = issue_token(
            actor=actor,
            at=at,
            name="SIEM",
            kind="personal",
            scopes=scopes or (Permission.AUDIT_VIEW.value,),
            lasts=timedelta(days=1),
        )
        return {"Authorization": f"Bearer {text}"}

    return of


def test_events_newest_first_with_sentence_and_place(
    ada: Membership, tell: Callable[..., Any], client: Client, bearer: Callable[..., Any]
) -> None:
    identifier = tell(ada, EventName.TICKET_OPENED, reference="REV-1001", label="REV-1001")
    headers = bearer(ada)
    results = client.get(URL, {"action": "ticket"}, headers=headers).json()["results"]
    assert [event["id"] for event in results] == [str(identifier)]
    assert results[0]["what"].startswith("Ada Okafor opened the request REV-1001")
    assert results[0]["actor"] == {"kind": "member", "id": str(ada.pk), "name": "Ada Okafor"}
    assert results[0]["position"] is None
    seal_pending(ada.organization_id)
    one = client.get(f"{URL}/{identifier}", headers=headers).json()
    assert isinstance(one["position"], int)


def test_the_same_filters_as_on_the_page(
    ada: Membership,
    max_: Membership,
    tell: Callable[..., Any],
    client: Client,
    bearer: Callable[..., Any],
    at: datetime,
) -> None:
    tell(ada, label="A")
    tell(max_, label="B")
    headers = bearer(ada)

    def found(**filters: str) -> list[str]:
        rows = client.get(URL, filters, headers=headers).json()["results"]
        return [row["target"]["name"] for row in rows if row["name"] == "team.created"]

    assert found(person=str(max_.pk)) == ["B"]
    assert found(until=(at - timedelta(days=2)).isoformat()) == []
    assert found(reference="REV-1") == []
    assert client.get(URL, {"action": "x"}, headers=headers).status_code == 422
    assert client.get(URL, {"person": "x"}, headers=headers).status_code == 422


def test_pages_go_on_by_cursor(
    ada: Membership, tell: Callable[..., Any], client: Client, bearer: Callable[..., Any]
) -> None:
    for number in range(3):
        tell(ada, label=str(number))
    headers = bearer(ada)
    first = client.get(URL, {"action": "team", "size": 2}, headers=headers).json()
    rest = client.get(first["next"], headers=headers).json()
    names = [row["target"]["name"] for row in first["results"] + rest["results"]]
    assert names == ["2", "1", "0"]
    assert rest["next"] is None


def test_without_the_permission_or_in_another_organization(
    ada: Membership,
    mia: Membership,
    ned: Membership,
    tell: Callable[..., Any],
    client: Client,
    bearer: Callable[..., Any],
) -> None:
    identifier = tell(ada)
    mias = bearer(mia, Permission.CATALOG_VIEW.value)
    assert client.get(URL, headers=mias).status_code == 403
    with organization_scope(ned.organization_id):
        neds = bearer(ned)
    assert client.get(f"{URL}/{identifier}", headers=neds).status_code == 404
    assert client.get(URL).status_code == 401
