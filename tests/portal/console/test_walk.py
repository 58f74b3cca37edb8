"""Staff without a grant, through every route: nothing is there, and nothing can be told apart."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from portal.catalog.models import Integration, Resource
from portal.grants.models import Case, Grant
from tenants.models import Membership, Organization
from tests.cast import make_member, make_ready, make_token_text
from tests.portal.grants.conftest import (  # noqa: F401  (fixtures)
    active,
    case,
    integration,
    pending,
    requested,
    staff_of,
)
from tests.routes import NOWHERE, Route, all_routes, door_of

ROUTES = [r for r in all_routes() if r.is_workspace or r.is_console or r.is_api]
# A case is the vendor's own record of what a customer asked for: support works on all of them.
OF_CASES = {"staff-case-show", "staff-grant-request"}
# What only a customer's own data holds: names of tables, and values in their descriptions.
MARKS = (b"orders_", b"4711-alpha", b"Could not cast")


@pytest.fixture
def sol(vendor: Organization) -> Membership:
    """A colleague of Sam's, with every right of support and no grant."""
    return make_ready(make_member(vendor, "Sol Other", "support_engineer"))


@pytest.fixture
def known(active: Grant, case: Case, integration: Integration) -> dict[str, dict[str, Any]]:  # noqa: F811
    """By the noun in an address: what exists at Acme, under Sam's active grant."""
    inside = {
        "resource_id": Resource.objects.order_by("name")[0].pk,
        "integration_id": integration.pk,
    }
    grant = {"pk": active.pk, "reference": active.reference, **inside}
    resource = {"pk": inside["resource_id"]}
    return {
        "/grants/": grant,
        "/exports/": grant,
        "/statements/": grant,
        "/access/<str:": grant,
        "/cases/": {"pk": case.pk, "reference": case.reference},
        "/integrations/": {"pk": integration.pk},
        "/resources/": resource,
        "/catalog/": resource,
    }


def things(route: Route, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return next((values for noun, values in known.items() if noun in f"/{route.pattern}"), {})


@pytest.fixture
def ask(
    sol: Membership, client_of: Callable[..., Client], settings: Any
) -> Callable[[Route, str, str], HttpResponse]:
    """A call as Sol: pages with a session, the API with a token that may all."""
    settings.API_CALLS_PER_MINUTE = 1_000_000
    cache.clear()
    browser, head = client_of(sol), {"Authorization": f"Bearer {make_token_text(sol)}"}

    def call(route: Route, method: str, address: str) -> HttpResponse:
        if route.is_api:
            body = {"content_type": "application/json", "headers": head}
            return Client().generic(method, address, b"{}", **body)
        return browser.generic(method, address)

    return call


def doors(routes: list[Route]) -> Iterator[tuple[Route, str]]:
    return ((route, method) for route in routes for method in door_of(route))


def told(answer: HttpResponse, address: str) -> Any:
    """What an answer tells, apart from what was asked for. Pages hold a nonce each."""
    if answer.headers.get("Content-Type", "").startswith("application/problem"):
        body = answer.json()
        return {key: value for key, value in body.items() if key not in {"instance", "request_id"}}
    return answer.headers.get("Location", "").replace(address, "")


def test_what_exists_and_what_does_not_answer_alike(
    known: dict[str, dict[str, Any]], ask: Callable[[Route, str, str], HttpResponse]
) -> None:
    routes = [r for r in ROUTES if r.names_an_object and r.name not in OF_CASES]
    walked, wrong = 0, []
    for route, method in doors(routes):
        values = things(route, known)
        if not values:
            continue
        here, nowhere = route.address(**values), route.address()
        there, nothing = ask(route, method, here), ask(route, method, nowhere)
        walked += 1
        alike = told(there, here) == told(nothing, nowhere)
        if not alike or not there.status_code == nothing.status_code in {403, 404}:
            wrong.append(f"{method} {route}: {there.status_code} and {nothing.status_code}")

    assert wrong == []
    assert walked > 80


def test_no_list_search_export_or_suggestion_holds_anything_of_a_customer(
    active: Grant,  # noqa: F811
    ask: Callable[[Route, str, str], HttpResponse],
) -> None:
    """Also under the colleague's active grant, and with a word that the catalogue would find."""
    routes = [r for r in ROUTES if not r.names_an_object and "GET" in door_of(r)]
    wrong = []
    for route in routes:
        for question in ("?q=orders",) if route.is_workspace else ("", "?q=orders"):
            answer = ask(route, "GET", f"{route.address()}{question}")
            body = answer.getvalue() if answer.streaming else answer.content
            if route.is_workspace and answer.status_code != 404:
                wrong.append(f"{route}: {answer.status_code}")
            wrong += [f"{route}{question}: {mark!r}" for mark in MARKS if mark in body]

    assert wrong == []


def test_the_walk_knows_a_thing_when_it_stands_there(
    sam: Membership, known: dict[str, dict[str, Any]], client_of: Callable[..., Client]
) -> None:
    """The same address opens for whom the grant is: the walk above can fail."""
    (route,) = [r for r in ROUTES if r.name == "staff-resource-list"]
    here = client_of(sam)
    address = route.address(**things(route, known))
    assert here.get(address).status_code == 302  # to where a session is started
    here.post("/console/grants/acme/DIA-51/session/")

    assert any(mark in here.get(address).content for mark in MARKS)
    assert str(NOWHERE) not in address
