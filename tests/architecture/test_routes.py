"""Every address declares who may open it; strangers, outsiders and staff are turned away."""

from collections.abc import Callable

import pytest
from django.test import Client

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


@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_a_route_declares_who_may_open_it(route: Route) -> None:
    view = route.view
    api = getattr(view, "cls", None)

    declared = (
        hasattr(view, "permission")
        or hasattr(view, "signed_in")
        or bool(getattr(view, "open_reason", ""))
        or route.name in PLAIN
        or (api is not None and (hasattr(api, "permissions") or route.name == "api-unknown"))
    )

    assert declared, "Add @needs, @signed_in or @open_to_all."
    if route.is_workspace or route.is_console:
        assert hasattr(view, "permission"), "Workspace and console pages use @needs."


@pytest.mark.parametrize("route", INSIDE, ids=str)
def test_a_stranger_is_led_to_the_sign_in(
    route: Route, ada: Membership, vendor: object, client: Client
) -> None:
    for method in route.methods:
        answer = client.generic(method, route.address())
        unknown = client.generic(method, route.address(slug="nobody-here"))

        assert answer.status_code == unknown.status_code == 302
        assert answer["Location"].startswith("/?next=")


@pytest.mark.parametrize("route", API, ids=str)
def test_an_api_without_a_token_answers_401(route: Route, client: Client) -> None:
    if hasattr(route.view, "open_reason"):
        pytest.skip("the description of the interface is open")
    for method in ("GET", "POST"):
        assert client.generic(method, route.address()).status_code == 401


@pytest.mark.parametrize("route", WORKSPACE, ids=str)
def test_an_outsider_and_the_vendors_staff_find_nothing(
    route: Route, ada: Membership, ned: Membership, sam: Membership, client_of: ClientOf
) -> None:
    for person in (ned, sam):
        client = client_of(person)
        for method in route.methods:
            assert client.generic(method, route.address()).status_code == 404


@pytest.mark.parametrize("route", WORKSPACE, ids=str)
def test_a_member_without_the_permission_is_refused(
    route: Route, ada: Membership, mia: Membership, client_of: ClientOf
) -> None:
    permission = route.view.permission
    if permission is None or mia.role_permissions() >= {permission}:
        return
    client = client_of(mia)
    for method in route.methods:
        assert client.generic(method, route.address()).status_code == 403


@pytest.mark.parametrize("route", WORKSPACE, ids=str)
def test_a_holder_is_not_refused_and_an_unknown_object_is_404(
    route: Route, ada: Membership, client_of: ClientOf
) -> None:
    client = client_of(ada)
    for method in route.methods:
        status = client.generic(method, route.address()).status_code
        assert status < 500
        assert status != 403
        if "<uuid:" in route.pattern or "<str:reference>" in route.pattern:
            assert status == 404


@pytest.mark.parametrize("route", INSIDE, ids=str)
def test_a_method_that_is_not_declared_is_405_or_hidden(
    route: Route, ada: Membership, client_of: ClientOf
) -> None:
    undeclared = {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(route.methods)
    client = client_of(ada)
    for method in undeclared:
        assert client.generic(method, route.address()).status_code in {404, 405}


@pytest.mark.parametrize(
    "route", [r for r in API if hasattr(getattr(r.view, "cls", None), "permissions")], ids=str
)
def test_an_api_verb_without_a_declared_permission_does_not_exist(route: Route) -> None:
    viewset = route.view.cls
    for verb in route.view.actions.values():
        assert verb in viewset.permissions, f"{viewset.__name__}.{verb} answers 405"
    for permission in viewset.permissions.values():
        assert permission is None or isinstance(permission, Permission)
