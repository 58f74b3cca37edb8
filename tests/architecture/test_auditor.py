"""An auditor looks at everything they may, and nothing that they send changes a row."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import models
from django.test import Client

from accounts.models import User
from audit.models import Event
from portal.catalog.models import ImportRun, Integration, Resource
from portal.directory.models import (
    DirectoryCall,
    DirectoryGroup,
    DirectoryHold,
    DirectoryToken,
)
from portal.downstream.models import Connector
from portal.grants.models import Case, Grant
from portal.people.models import InvitationList
from portal.sso.models import Connection, ConnectionKey, Domain, SealedDoor, SetupLink
from portal.tickets.models import SavedFilter, Ticket
from tenants.models import (
    ApiToken,
    Invitation,
    Membership,
    Organization,
    Role,
    Team,
)
from tenants.scoping import TenantModel
from tests.cast import make_token_text
from tests.routes import NOWHERE, Route, all_routes, door_of
from tests.rows import make_row

pytestmark = pytest.mark.django_db
CHANGING = [
    (method, route)
    for route in all_routes()
    if route.is_workspace or (route.is_api and route.name != "api-unknown")
    for method in door_of(route)
    if method != "GET"
]
# What stands before the id in an address, and whose row that then is.
BEHIND: Mapping[str, type[TenantModel]] = {
    "calls": DirectoryCall,
    "cases": Case,
    "catalog": Resource,
    "custom-roles": Role,
    "break-glass": SealedDoor,
    "directory/tokens": DirectoryToken,
    "domains": Domain,
    "downstream-systems": Connector,
    "filters": SavedFilter,
    "grants": Grant,
    "groups": DirectoryGroup,
    "held": DirectoryHold,
    "import": InvitationList,
    "imports": ImportRun,
    "integrations": Integration,
    "invitations": Invitation,
    "keys": ConnectionKey,
    "links": SetupLink,
    "members": Membership,
    "roles": Role,
    "sso": Connection,
    "teams": Team,
    "ticket-filters": SavedFilter,
    "tickets": Ticket,
    "tokens": ApiToken,
}
# What a request leaves behind, whatever it asked for.
TRACES = {"seen_at", "last_seen_at", "last_used_at", "last_used_address"}
READING = ("log.verified",)
# Open to whoever may look there. The page then says what is refused, and nothing has happened:
# the log read through, a filter without a name, one's own proof of presence, the way out of a
# team, a mapping tried.
ANSWERED = {
    "POST /api/v1/ticket-filters",
    "POST /o/<slug:slug>/audit/verify/",
    "POST /o/<slug:slug>/requests/filters/",
    "POST /o/<slug:slug>/sso/<uuid:connection_id>/mapping/",
    "POST /o/<slug:slug>/step-up/",
    "POST /o/<slug:slug>/teams/<uuid:pk>/join/",
    "POST /o/<slug:slug>/teams/<uuid:pk>/leave/",
    "POST /o/<slug:slug>/teams/<uuid:pk>/people/",
    "POST /o/<slug:slug>/teams/<uuid:pk>/people/remove/",
}


@pytest.fixture
def rows(organization: Organization) -> Mapping[str, Any]:
    return {noun: make_row(model, organization) for noun, model in BEHIND.items()}


def address(route: Route, rows: Mapping[str, Any]) -> str:
    """The route's address with rows that are there."""
    filled, parts = [], route.address().split("/")
    for n, part in enumerate(parts):
        noun = parts[n - 1]
        row = rows.get("/".join(parts[n - 2 : n]), rows.get(noun))
        filled.append(str(row.pk) if part == str(NOWHERE) and row is not None else part)
    return "/".join(filled)


def bodies(route: Route, rows: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where every member gets as far as the body: one that would change something."""
    other, team = str(rows["members"].pk), str(rows["teams"].pk)
    return {
        "api-access-preview": {"change": "team_member_added", "member": other, "team": team},
        "api-team-detail": {"description": "Mine now"},
        "api-team-members": {"member": other},
        "api-team-people": {"do": "add", "members": [other]},
    }.get(route.name, {})


def state() -> dict[str, list[Any]]:
    """Every row of the organization's and of the people's, but for the traces of requests."""
    kinds = [m for m in apps.get_models() if issubclass(m, (TenantModel, User, Organization))]
    return {
        kind._meta.label: sorted(
            kind._default_manager.values_list(*_kept(kind)), key=lambda values: str(values[0])
        )
        for kind in kinds
    }


def _kept(kind: type[models.Model]) -> list[str]:
    names = [field.attname for field in kind._meta.concrete_fields if field.name not in TRACES]
    return ["pk", *names]


@pytest.mark.thorough
def test_nothing_an_auditor_sends_changes_anything(
    aud: Membership, rows: Mapping[str, Any], client_of: Callable[..., Client], settings: Any
) -> None:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    cache.clear()
    browser, head = (
        client_of(aud),
        {
            "Authorization": f"Bearer {make_token_text(aud)}",
            "If-Match": '"1"',
        },
    )
    before, events = state(), set(Event.objects.values_list("pk", flat=True))
    answers = {}
    for method, route in CHANGING:
        where, body = address(route, rows), json.dumps(bodies(route, rows))
        if route.is_api:
            answer = Client().generic(method, where, body, "application/json", headers=head)
        else:
            answer = browser.generic(method, where)
        answers[f"{method} {route}"] = answer.status_code

    assert {door for door, status in answers.items() if status not in {403, 404}} == ANSWERED
    assert state() == before
    left = Event.objects.exclude(pk__in=events).exclude(name__in=["action.refused", *READING])
    assert list(left.values_list("name", flat=True)) == []
