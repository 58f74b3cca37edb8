"""A consultant in two organizations: each has its own way in, and takes away only its own."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tenants.models import Membership
from tests.chromium import Window
from tests.foreign.conftest import connect
from tests.foreign.identity_provider import SimpleSaml
from tests.journeys.conftest import (
    heading,
    link_in,
    sign_in_at_simplesamlphp,
    start_sign_in,
)
from tests.portal.sso.passwords import code_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ERIN = "erin@acme.test"
PASSWORD = "violet-anchor-lantern-92"


def test_one_workspace_neither_opens_nor_closes_the_other(
    site: str,
    window: Any,
    foreign_idp: SimpleSaml,
    letters: Callable[..., list[Any]],
    ada: Membership,
    ned: Membership,
) -> None:
    connect(ada.organization, foreign_idp, domain="acme.test")
    erin: Window = window()
    page = come_in_by_acmes_sso(erin)

    invite(window(ned), ERIN)
    page.goto(link_in(letters(ned.organization)[-1], "/invitations/"))
    page.get_by_role("button", name="Join the workspace").click()

    satisfy_globex(erin, page, lambda: letters(ned.organization)[-1])
    assert heading(erin.open("/o/globex/")) == "Overview"
    assert inside(erin) == {"Acme Health", "Globex Retail"}

    assert erin.complaints == []

    # Acme takes her access away; Globex does not even ask her again.
    end_access(window(ada), "Erin Malone")
    assert "There is nothing here" in erin.open("/o/acme/").inner_text("main")
    assert heading(erin.open("/o/globex/")) == "Overview"
    assert erin.open("/workspaces/").url == f"{site}/o/globex/"
    again = leave_for_acmes_idp(window())
    sign_in_at_simplesamlphp(again, "erin")
    expect(again.get_by_text("Your access to this workspace was taken away.")).to_be_visible()


def satisfy_globex(erin: Window, page: Page, newest: Callable[[], Any]) -> None:
    # Acme's SSO says nothing to Globex, which asks for a password and a code.
    assert heading(page) == "Globex Retail"
    assert "Your account has no password yet." in page.inner_text("main")
    assert erin.open("/o/globex/").url.startswith(f"{erin.base}/workspaces/globex/")
    page.get_by_role("button", name="Send me a link to set a password").click()
    expect(page.get_by_text(f"A link is on its way to {ERIN}.")).to_be_visible()
    set_password(page, newest())

    # With the password alone she is asked for a second factor, and only then let in.
    come_in_by_acmes_sso(erin, at_idp=False)
    erin.open("/o/globex/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    assert heading(page) == "Set up your authenticator app"
    secret = page.locator("code").inner_text()
    page.get_by_label("Authenticator code").fill(code_of(secret))
    page.get_by_role("button", name="Turn on").click()


def come_in_by_acmes_sso(erin: Window, *, at_idp: bool = True) -> Page:
    page = leave_for_acmes_idp(erin)
    if at_idp:
        sign_in_at_simplesamlphp(page, "erin")
    page.wait_for_url("**/o/acme/")
    return page


def leave_for_acmes_idp(erin: Window) -> Page:
    page = erin.open("/")
    start_sign_in(page, ERIN)
    page.get_by_role("button", name="Continue with").click()
    return page


def invite(admin: Window, email: str) -> None:
    page = admin.open("/o/globex/invitations/new/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Send the invitation").click()


def set_password(page: Page, letter: Any) -> None:
    assert letter.to == [ERIN]
    page.goto(link_in(letter, "/password/reset/"))
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/password/reset/done/")


def inside(erin: Window) -> set[str]:
    """The workspaces that the list shows this browser to be let into."""
    rows = erin.open("/workspaces/").locator("main li").filter(has_text="Signed in")
    return set(rows.locator("strong").all_inner_texts())


def end_access(admin: Window, name: str) -> None:
    page = admin.open("/o/acme/members/")
    page.get_by_role("link", name=name).click()
    page.get_by_role("link", name="Revoke access").click()
    page.get_by_label("Reason").fill("The contract has ended")
    page.get_by_role("button", name="Revoke access").click()
    expect(page.get_by_text("Access blocked").first).to_be_visible()
