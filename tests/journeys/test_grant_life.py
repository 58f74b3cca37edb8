"""The whole life of diagnostic access by letter and browser, told by the log in plain sentences."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization, make_ready
from tests.chromium import Window
from tests.journeys.conftest import heading, link_in
from tests.portal.grants.conftest import make_integration

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WHY = "Nightly imports fail since Tuesday; I need to see the error."


@pytest.fixture
def cast(db: None) -> tuple[Membership, Membership, Membership]:
    """Sia, who decides at Acme; Sam, who asks; Lea, who checks."""
    acme = make_organization("acme", name="Acme Health")
    meridian = make_organization("meridian", name="Meridian Data", kind="vendor")
    with organization_scope(acme.pk):
        make_integration("Shop", now())
    return (
        make_member(acme, "Sia Fernandes", BuiltInRole.SECURITY_OFFICER),
        make_ready(make_member(meridian, "Sam Rivera", BuiltInRole.SUPPORT_ENGINEER)),
        make_ready(make_member(meridian, "Lea Brandt", BuiltInRole.SUPPORT_LEAD)),
    )


def test_from_the_call_for_help_to_the_statement(
    site: str,
    cast: tuple[Membership, Membership, Membership],
    window: Any,
    letters: Callable[..., list[Any]],
) -> None:
    sia, sam, lea = cast
    customer, engineer, lead = window(sia), window(sam), window(lea)
    ask_for_help(customer)
    ask_for_access(engineer)
    page = lead.open("/console/grants/acme/DIA-51/")
    page.get_by_role("button", name="Pass on to the customer").click()

    letter = letters(sia.organization)[-1]
    assert sia.email in letter.to[0]
    link = link_in(letter, "/access/DIA-51/")
    stranger: Window = window()
    assert "sign in" in heading(stranger.open(link.removeprefix(site))).lower()

    page = customer.open(link.removeprefix(site))
    assert WHY in page.inner_text("main")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Active").first).to_be_visible()

    page = engineer.open("/console/grants/acme/DIA-51/")
    page.get_by_role("button", name="Start a support session").click()
    expect(page.get_by_role("link", name="orders_1")).to_be_visible()

    page = customer.open("/o/acme/access/DIA-51/")
    page.get_by_role("button", name="End access now").click()
    answer = engineer.page.goto(f"{site}/console/grants/acme/DIA-51/resources/")
    assert answer
    assert answer.status == 404

    the_log_tells(customer.open("/o/acme/audit/"))
    assert customer.complaints == []


def ask_for_help(customer: Window) -> None:
    page = customer.open("/o/acme/integrations/")
    page.get_by_role("link", name="Shop").click()
    page.get_by_role("link", name="Get help").click()
    page.get_by_label("What is wrong").fill("Imports fail")
    page.get_by_role("button", name="Open the case").click()
    assert "Imports fail" in heading(page)


def ask_for_access(engineer: Window) -> None:
    page = engineer.open("/console/cases/")
    page.get_by_role("link", name="CASE-101").click()
    page.get_by_role("link", name="Ask for").click()
    page.get_by_label("Why you need it").fill(WHY)
    page.get_by_label("For how long").select_option(label="1 day")
    page.get_by_role("button", name="Send the request").click()
    assert "DIA-51" in page.inner_text("main")


def the_log_tells(page: Page) -> None:
    told = page.inner_text("main")
    for sentence in (
        "Sia Fernandes opened the case CASE-101.",
        "Sam Rivera asked for diagnostic access (DIA-51) for CASE-101.",
        "Lea Brandt, support lead, endorsed the request for access DIA-51.",
        "Sia Fernandes approved diagnostic access DIA-51",
        "Sam Rivera of support read 3 resources under DIA-51.",
        "Sia Fernandes revoked diagnostic access DIA-51.",
    ):
        assert sentence in told, told
