"""Every address declares who may open it; strangers, outsiders and staff are turned away."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import resolve, reverse

from tenants.models import Membership
from tenants.permissions import Permission
from tests.routes import Route, all_routes

pytestmark = pytest.mark.django_db
ROUTES = all_routes()
INSIDE = [r for r in ROUTES if r.is_workspace or r.is_console]
WORKSPACE = [r for r in ROUTES if r.is_workspace]
API = [r for r in ROUTES if r.is_api]

# Served for machines that carry no session: each answers without looking at any tenant.
PLAIN = {"health-show", "readiness-show", "metrics-show"}
ClientOf = Callable[..., Client]


def declares(route: Route) -> bool:
    view = route.view
    api = getattr(view, "cls", None)
    if route.is_workspace or route.is_console:
        return hasattr(view, "permission")
    return (
        hasattr(view, "permission")
        or hasattr(view, "signed_in")
        or bool(getattr(view, "open_reason", ""))
        or route.name in PLAIN
        or (api is not None and (hasattr(api, "permissions") or route.name == "api-unknown"))
    )


def test_each_route_declares_who_may_open_it() -> None:
    """With @needs, @signed_in or @open_to_all; pages of a workspace and the console with @needs."""
    assert [str(route) for route in ROUTES if not declares(route)] == []


@pytest.mark.parametrize(
    "route", [r for r in INSIDE if isinstance(getattr(r.view, "refusal_to", None), str)], ids=str
)
def test_a_refused_form_has_a_way_back(route: Route) -> None:
    """The page named takes the same arguments, or the refusal itself would fail."""
    match = resolve(route.address())

    assert reverse(route.view.refusal_to, args=match.args, kwargs=match.kwargs)


def test_a_stranger_is_led_to_the_sign_in(ada: Membership, vendor: object, client: Client) -> None:
    """A known and an unknown workspace answer alike."""

    def is_led_away(route: Route, method: str) -> bool:
        answer = client.generic(method, route.address())
        unknown = client.generic(method, route.address(slug="nobody-here"))
        led = answer.headers.get("Location", "").startswith("/?next=")
        return led and answer.status_code == unknown.status_code == 302

    assert _exceptions(INSIDE, is_led_away) == []


def test_an_api_without_a_token_answers_401(client: Client) -> None:
    closed = [r for r in API if not hasattr(r.view, "open_reason")]
    wrong = [
        f"{method} {route}"
        for route in closed
        for method in ("GET", "POST")
        if client.generic(method, route.address()).status_code != 401
    ]

    assert wrong == []


@pytest.mark.parametrize("who", ["ned", "sam"])
def test_an_outsider_and_the_vendors_staff_find_nothing(
    who: str, ada: Membership, client_of: ClientOf, request: pytest.FixtureRequest
) -> None:
    client = client_of(request.getfixturevalue(who))

    def is_nothing(route: Route, method: str) -> bool:
        return client.generic(method, route.address()).status_code == 404

    assert _exceptions(WORKSPACE, is_nothing) == []


def test_a_member_without_the_permission_is_refused(
    ada: Membership, mia: Membership, client_of: ClientOf
) -> None:
    client = client_of(mia)
    held = mia.role_permissions()
    beyond = [r for r in WORKSPACE if r.view.permission and r.view.permission not in held]

    def is_refused(route: Route, method: str) -> bool:
        return client.generic(method, route.address()).status_code == 403

    assert len(beyond) > 30
    assert _exceptions(beyond, is_refused) == []


@pytest.mark.thorough
def test_a_holder_is_not_refused_and_an_unknown_object_is_404(
    ada: Membership, client_of: ClientOf
) -> None:
    client = client_of(ada)

    def is_served(route: Route, method: str) -> bool:
        status = client.generic(method, route.address()).status_code
        if any(mark in route.pattern for mark in ("<uuid:", ":reference>", ":number>")):
            return status == 404
        return status < 500 and status != 403

    assert _exceptions(WORKSPACE, is_served) == []


@pytest.mark.thorough
def test_a_method_that_is_not_declared_is_405_or_hidden(
    ada: Membership, client_of: ClientOf
) -> None:
    client = client_of(ada)
    wrong = [
        f"{method} {route}"
        for route in INSIDE
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(route.methods)
        if client.generic(method, route.address()).status_code not in {404, 405}
    ]

    assert wrong == []


def _exceptions(routes: list[Route], holds: Callable[[Route, str], bool]) -> list[str]:
    return [
        f"{method} {route}"
        for route in routes
        for method in route.methods
        if not holds(route, method)
    ]


def test_an_api_verb_without_a_declared_permission_does_not_exist() -> None:
    declaring = [r for r in API if hasattr(getattr(r.view, "cls", None), "permissions")]
    assert declaring
    for route in declaring:
        viewset = route.view.cls
        for verb in route.view.actions.values():
            assert verb in viewset.permissions, f"{viewset.__name__}.{verb} answers 405"
        for permission in viewset.permissions.values():
            assert permission is None or isinstance(permission, Permission)
