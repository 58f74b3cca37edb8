"""Two windows: what support opens in one shows in the other, and the kill switch ends it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.actions.decisions import approve_grant
from portal.grants.actions.requests import endorse_grant, request_grant
from portal.grants.models import Grant
from portal.grants.staff import as_staff
from portal.grants.terms import Consent, Wish
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization, make_ready
from tests.chromium import Window
from tests.portal.grants.conftest import make_integration

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Cast = tuple[Membership, Membership]


@pytest.fixture
def cast(actor_of: Callable[..., Actor]) -> Cast:
    """Sia at Acme, and Sam of support, who may read the metadata of one integration."""
    acme = make_organization("acme", name="Acme Health")
    meridian = make_organization("meridian", name="Meridian Data", kind="vendor")
    sia = make_member(acme, "Sia Fernandes", BuiltInRole.SECURITY_OFFICER)
    sam = make_ready(make_member(meridian, "Sam Rivera", BuiltInRole.SUPPORT_ENGINEER))
    lea = make_ready(make_member(meridian, "Lea Brandt", BuiltInRole.SUPPORT_LEAD))
    at = now()
    with organization_scope(acme.pk):
        source = make_integration("Shop", at)
        by = actor_of(sia)
        case = open_case(CaseFacts("Imports fail"), actor=by, at=at, integration_ids=[source.pk])
        wish = Wish(
            reason_code="customer_support",
            justification="Nightly imports fail since Tuesday; I need to see the error.",
            duration=timedelta(days=1),
            capabilities=("status", "metadata"),
            scope=tuple(row.as_scope() for row in case.integrations.all()),
        )
        grant = request_grant(case, actor=as_staff(actor_of(sam), acme), at=at, wish=wish)
        grant = endorse_grant(grant, actor=as_staff(actor_of(lea), acme), at=at)
        approve_grant(grant, actor=by, at=at, consent=Consent())
    return sia, sam


def test_a_read_shows_within_two_polls_and_the_kill_switch_ends_it(cast: Cast, window: Any) -> None:
    sia, sam = cast
    customer: Window = window(sia)
    engineer: Window = window(sam)
    live = customer.open("/o/acme/access/DIA-51/live/")
    expect(live.get_by_text("Nothing was read")).to_be_visible()
    assert live.locator("#live").get_attribute("hx-trigger") == "every 1s"

    console = engineer.open("/console/grants/acme/DIA-51/")
    console.get_by_role("button", name="Start a support session").click()
    expect(console.get_by_role("link", name="orders_1")).to_be_visible()
    polls: list[str] = []
    live.on("request", lambda asked: polls.append(asked.url))
    expect(live.get_by_text("shop.orders_1")).to_be_visible()
    assert len(polls) <= 2, "a read is on the customer's screen after two seconds"
    expect(live.get_by_text("Sam Rivera is looking now")).to_be_visible()

    live.get_by_role("button", name="End access now").click()
    expect(live.get_by_text("Sam Rivera can read nothing more")).to_be_visible()

    answer = console.goto(f"{engineer.base}/console/grants/acme/DIA-51/resources/")
    assert answer is not None
    assert answer.status == 404
    with organization_scope(sia.organization_id):
        assert Grant.objects.get().status == "revoked"
    assert customer.complaints == []
