"""Two windows: what support opens in one shows in the other, and the kill switch ends it."""

from typing import Any

import pytest
from playwright.sync_api import expect

from portal.grants.models import Grant
from tenants.models import Membership
from tenants.scoping import organization_scope
from tests.chromium import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_read_shows_within_two_polls_and_the_kill_switch_ends_it(
    support_cast: tuple[Membership, Membership], window: Any
) -> None:
    sia, sam = support_cast
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
