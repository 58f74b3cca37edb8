"""Every way of reading under a grant: what an answer names is what its records name."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.test import Client

from portal.catalog.models import Integration, Resource
from portal.grants.models import AccessRecord, Grant
from tenants.models import Membership
from tests.cast import make_token_text
from tests.portal.grants.conftest import make_integration
from tests.routes import Route, all_routes, door_of

ClientOf = Callable[..., Client]
# What the vendor's staff can ask for at all: their console, and their part of the API.
ASKED = [
    route
    for route in all_routes()
    if (route.is_console or route.pattern.startswith("api/v1/support/")) and "GET" in door_of(route)
]
QUESTIONS = ("", "?q=zq", "?size=2")


@pytest.fixture
def marks(integration: Integration, active: Grant, at: datetime) -> dict[str, UUID]:
    """A word for each object of Acme that stands in its name and nowhere else."""
    make_integration("Payroll", at)
    found: dict[str, UUID] = {}
    for model in (Integration, Resource):
        for place, row in enumerate(model.objects.order_by("id")):
            mark = f"zq{model.__name__.lower()}{place}x"
            model.objects.filter(pk=row.pk).update(name=mark)
            found[mark] = row.pk
    return found


def addresses(route: Route, grant: Grant, integration: Integration) -> Iterator[str]:
    """The route for the grant that is open, and for each object inside and outside it."""
    pattern = "/" + route.pattern.replace("<slug:slug>", "acme")
    reference = "CASE-101" if "cases/" in pattern or "disputes/" in pattern else "DIA-51"
    pattern = pattern.replace("<str:reference>", reference)
    pattern = pattern.replace("<uuid:pk>", str(grant.pk))
    if "<uuid:" not in pattern:
        yield from (pattern + question for question in QUESTIONS)
        return
    inside = Resource.objects.filter(integration=integration)[0]
    outside = Resource.objects.exclude(integration=integration)[0]
    things = (inside.pk, outside.pk, integration.pk, outside.integration_id, uuid4())
    start, end = pattern.index("<"), pattern.index(">") + 1
    for thing in things:
        yield pattern[:start] + str(thing) + pattern[end:]


def text_of(answer: Any) -> str:
    parts = getattr(answer, "streaming_content", None)
    return (b"".join(parts) if parts is not None else answer.content).decode()


def named_and_recorded(
    ask: Callable[[], Any], marks: dict[str, UUID], attached: UUID
) -> tuple[set[UUID], set[UUID]]:
    cache.clear()  # the limit on calls is not what is looked at
    before = set(AccessRecord.objects.values_list("pk", flat=True))
    text = text_of(ask())
    records = AccessRecord.objects.exclude(pk__in=before)
    recorded = set(records.values_list("object_id", flat=True))
    named = {pk for mark, pk in marks.items() if mark in text}
    # The customer named this one to support themselves, by attaching it to the case.
    return named - ({attached} - recorded), recorded


def test_ids_returned_are_the_ids_recorded(
    marks: dict[str, UUID], integration: Integration, active: Grant, sam: Membership,
    client_of: ClientOf,
) -> None:  # fmt: skip
    browser = client_of(sam)
    browser.post("/console/grants/acme/DIA-51/session/")
    headers = {"authorization": f"Bearer {make_token_text(sam)}"}
    answered, wrong = set(), {}

    for route in ASKED:
        given = {"headers": headers} if route.is_api else {}
        for place in addresses(route, active, integration):
            named, recorded = named_and_recorded(
                lambda place=place, given=given: browser.get(place, **given),
                marks,
                integration.pk,
            )
            if named != recorded:
                wrong[place] = named ^ recorded
            answered |= {route.name} if recorded else set()

    assert wrong == {}
    assert answered >= {
        "staff-integration-list",
        "staff-resource-list",
        "staff-resource-show",
        "staff-resource-export",
        "api-support-grant-integrations",
        "api-support-grant-resources",
        "api-support-grant-resource",
        "api-support-export-detail",
    }
