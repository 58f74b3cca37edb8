"""Routes and roles: who passes each door is written down in `matrix.txt`, and holds."""

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from tenants.models import Membership, Organization, Role
from tenants.permissions import ROLE_PERMISSIONS, VENDOR_ROLES, BuiltInRole, Permission
from tests.cast import make_member, make_organization, make_token_text
from tests.routes import ANYBODY, MEMBER, PERSON, Route, all_routes, door_of, doors

pytestmark = pytest.mark.django_db
TABLE = Path(__file__).with_name("matrix.txt")
VERBS = [(method, r) for r in all_routes() if r.is_api for method in door_of(r)]
HAVING = {"content_type": "application/json"}
WALKED = (BuiltInRole.OWNER, BuiltInRole.AUDITOR, BuiltInRole.SUPPORT_ENGINEER, "custom")
OTHERS = sorted(set(BuiltInRole) - set(WALKED))


def table() -> dict[str, str]:
    """The rows of the file: who passes, and under it the doors."""
    rows, needed = {}, ""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            rows[line.strip()] = needed
        else:
            needed = line
    return rows


def test_every_route_and_method_has_a_row_that_says_who_passes() -> None:
    """A new route needs a line in `matrix.txt`, under the permission it asks for."""
    assert sorted(set(doors().items()) ^ set(table().items())) == []


def test_the_table_names_nothing_but_permissions() -> None:
    assert set(table().values()) - {ANYBODY, PERSON, MEMBER} <= set(map(str, Permission))


def test_whoever_only_reads_changes_nothing_by_what_a_route_asks() -> None:
    """The doors of an auditor that take more than a GET. Behind each, an action looks again."""
    held = ROLE_PERMISSIONS[BuiltInRole.AUDITOR]
    doors_ = {
        door
        for door, needed in table().items()
        if needed in held and not door.startswith("GET ") and "/team" not in door
    }

    assert doors_ == {
        "DELETE /api/v1/ticket-filters/<uuid:pk>",  # one's own, kept for oneself
        "POST /api/v1/ticket-filters",
        "POST /o/<slug:slug>/requests/filters/",
        "POST /o/<slug:slug>/requests/filters/<uuid:pk>/delete/",
        "POST /o/<slug:slug>/audit/verify/",  # reads the log
        "POST /o/<slug:slug>/sso/<uuid:connection_id>/mapping/",  # shows what it would do
        "POST /o/<slug:slug>/sso/break-glass/<uuid:pk>/code/",  # an owner's own
        "POST /o/<slug:slug>/sso/links/",
    }


@pytest.mark.parametrize(
    "role", [*WALKED, *(pytest.param(role, marks=pytest.mark.thorough) for role in OTHERS)]
)
def test_the_api_holds_each_role_to_the_table(
    role: str, organization: Organization, settings: Any
) -> None:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    cache.clear()
    member, held = holder(role, organization)
    head = {"Authorization": f"Bearer {make_token_text(member)}"}
    rows, wrong = table(), []
    for method, route in VERBS:
        needed = rows[f"{method} {route}"]
        if needed == ANYBODY:
            continue
        answer = Client().generic(method, route.address(), b"{}", headers=head, **HAVING)
        passes = needed == MEMBER or needed in held
        if not is_as_written(answer, passes=passes, is_strange=is_strange(route, role)):
            wrong.append(f"{method} {route}: {answer.status_code} {answer.content[:200]!r}")

    assert wrong == []


def is_strange(route: Route, role: str) -> bool:
    """The API of the vendor's staff is there for nobody else."""
    return route.pattern.startswith("api/v1/support/") and role not in VENDOR_ROLES


def is_as_written(answer: HttpResponse, *, passes: bool, is_strange: bool) -> bool:
    if not passes:
        return answer.status_code in ({403, 404} if is_strange else {403})
    if is_strange:
        return answer.status_code == 404
    asks_to_confirm = answer.status_code == 403 and b"step-up-needed" in answer.content
    return answer.status_code < 500 and (answer.status_code != 403 or asks_to_confirm)


def holder(role: str, organization: Organization) -> tuple[Membership, frozenset[Permission]]:
    """Somebody with this role, or with one made here of a single permission."""
    if role == "custom":
        member = make_member(organization, "Una Single", BuiltInRole.VIEWER)
        member.custom_role = Role.objects.create(name="Single", permissions=["ticket:view"])
        member.save()
        return member, frozenset({Permission.TICKET_VIEW})
    if role in VENDOR_ROLES:
        organization = make_organization("vendor", kind="vendor")
    return make_member(organization, "Una Holder", role), ROLE_PERMISSIONS[role]
