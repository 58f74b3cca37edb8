"""The customer's IT, without an account here, connects their own IdP; then an employee comes in."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tenants.models import Membership
from tests.chromium import Window
from tests.foreign.identity_provider import SimpleSaml
from tests.journeys.conftest import (
    activate,
    heading,
    link_in,
    run_test_login,
    sign_in_at_simplesamlphp,
    start_sign_in,
)
from tests.portal.sso.conftest import nameserver  # noqa: F401  (the domain's own)
from tests.portal.sso.nameserver import Nameserver, texts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
IT = "it@acme.test"


def test_only_the_set_up_link_is_needed(
    site: str,
    window: Any,
    foreign_idp: SimpleSaml,
    nameserver: Nameserver,  # noqa: F811
    letters: Callable[..., list[Any]],
    ada: Membership,
) -> None:
    send_link(window(ada))
    it: Window = window()
    begin(it, link_in(letters(ada.organization)[-1], "/setup/"))
    prove_domain(it.page, nameserver)
    exchange_metadata(it.page, foreign_idp)
    run_test_login(it.page)
    sign_in_at_simplesamlphp(it.page, "mallory")
    expect(it.page.get_by_text("The test login did not pass")).to_be_visible()
    it.page.get_by_role("link", name="Test again").click()
    foreign_idp.forget_everybody()
    run_test_login(it.page)
    sign_in_at_simplesamlphp(it.page, "erin")
    activate(it.page)
    close_link(it.page)

    erin: Window = window()
    start_sign_in(erin.open("/"), "erin@acme.test")
    erin.page.get_by_role("button", name="Continue with Acme IdP").click()
    sign_in_at_simplesamlphp(erin.page, "erin")
    erin.page.wait_for_url("**/o/acme/")
    assert heading(erin.page) == "Overview"
    assert erin.complaints == it.complaints == []


def send_link(admin: Window) -> None:
    page = admin.open("/o/acme/sso/")
    page.get_by_role("link", name="Set-up link").first.click()
    page.get_by_label("Send it to").fill(IT)
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_text(f"On its way to {IT}")).to_be_visible()


def begin(it: Window, link: str) -> None:
    it.page.goto(link)
    assert "You need no account." in it.page.inner_text("main")
    it.page.get_by_role("button", name="Begin in this browser").click()
    assert heading(it.page) == "Set up single sign-on"


def prove_domain(page: Page, names: Nameserver) -> None:
    page.get_by_label("Domain").fill("acme.test")
    page.get_by_role("button", name="Add domain").click()
    page.get_by_role("button", name="Check now").click()
    expect(page.locator(".banner.tone-danger")).to_be_visible()
    record = page.locator("[data-copy-text]").inner_text()
    names.replies["acme.test"] = texts("acme.test", "v=spf1 -all", record)
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("The domain is proven.")).to_be_visible()


def exchange_metadata(page: Page, idp: SimpleSaml) -> None:
    page.get_by_role("link", name="Begin").click()
    page.get_by_text("SAML 2.0").click()
    page.get_by_label("Name").fill("Acme IdP")
    page.get_by_role("button", name="Go on").click()
    ours = page.locator("[data-copy-text]").filter(has_text="/metadata/").last.inner_text()
    idp.trust(page.request.get(ours).body())
    page.get_by_role("link", name="File or text").click()
    theirs = {"name": "idp.xml", "mimeType": "text/xml", "buffer": idp.metadata().encode()}
    page.get_by_label("Metadata file").set_input_files(theirs)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. Now try it with a test login.")).to_be_visible()


def close_link(page: Page) -> None:
    page.get_by_role("link", name="Single sign-on", exact=True).click()
    page.get_by_role("button", name="I am done, close the link").click()
    assert heading(page) == "Thank you, that is all"
