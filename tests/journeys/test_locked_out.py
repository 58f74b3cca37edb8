"""An admin makes single sign-on the only way in, is locked out, and comes back by break-glass."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tests.cast import PASSWORD, make_member
from tests.chromium import Window
from tests.journeys.conftest import activate, run_test_login, start_sign_in
from tests.portal.sso.emergencies import recovery_codes_of, seal
from tests.portal.sso.openid.conftest import op, own_domain, person  # noqa: F401  (the provider)
from tests.portal.sso.openid.op import SECRET, Issuer, OpenIDProvider

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BREAK_GLASS = "/o/acme/sso/break-glass/"


@pytest.fixture
def olga(ada: Membership) -> Membership:
    """A second owner, as break-glass wants it."""
    return make_member(ada.organization, "Olga Petrova", BuiltInRole.OWNER)


def test_break_glass_opens_alarms_and_is_sealed_again(
    site: str,
    window: Any,
    op: OpenIDProvider,  # noqa: F811
    letters: Callable[..., list[Any]],
    client_of: Callable[..., Client],
    ada: Membership,
    max_: Membership,
    olga: Membership,
) -> None:
    admin: Window = window(ada)
    own_domain(ada.organization)
    connect_by_clicking(admin, op.issuer("/acme", **as_ada(ada)))
    seal(client_of(ada), client_of(olga), olga)
    codes = recovery_codes_of(ada)
    code = seal_own_code(admin, ada, codes.pop())

    enforce(admin)
    inside: Window = window()
    come_in_by_oidc(inside, ada, codes.pop())
    expect(inside.open("/o/acme/sso/policy/").get_by_text("Enforced", exact=True)).to_be_visible()

    op.close()
    locked_out(window(), ada, codes.pop())
    back: Window = window()
    type_keys(back.open("/sign-in/break-glass/"), ada, codes.pop(), code)
    back.page.wait_for_url("**/o/acme/**")
    everybody_is_alarmed(letters(ada.organization))
    assert "Break-glass is open." in back.page.inner_text("body")
    assert seal_again(back, ada, codes.pop()) != code


def as_ada(ada: Membership) -> dict[str, Any]:
    return person(ada.organization, sub="ada-0001", email=ada.email, name=ada.name)


def connect_by_clicking(admin: Window, issuer: Issuer) -> None:
    page = admin.open("/o/acme/sso/new/")
    page.get_by_text("OpenID Connect").first.click()
    page.get_by_label("Name").fill("Acme OP")
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Issuer").fill(issuer.address)
    page.get_by_label("Client ID").fill("gatehouse")
    page.get_by_label("Client secret").fill(SECRET)
    page.get_by_role("button", name="Save").click()
    assert SECRET not in page.content()
    run_test_login(page)
    activate(page)


def seal_own_code(admin: Window, member: Membership, factor: str) -> str:
    page = admin.open(BREAK_GLASS)
    page.get_by_label("Owner").select_option(label=member.name)
    page.get_by_role("button", name="Name", exact=True).click()
    page.get_by_role("button", name="Make my code").click()
    return prove_code(admin, member, factor)


def prove_code(admin: Window, member: Membership, factor: str) -> str:
    code = admin.page.locator("[data-copy-text]").inner_text()
    admin.page.get_by_role("link", name="Prove that it opens").click()
    type_keys(admin.page, member, factor, code)
    expect(admin.open(BREAK_GLASS).get_by_text("2 of 2 sealed")).to_be_visible()
    return code


def seal_again(back: Window, member: Membership, factor: str) -> str:
    page = back.open(BREAK_GLASS)
    expect(page.get_by_text("1 of 2 sealed")).to_be_visible()
    page.get_by_role("button", name="Make a new code").click()
    return prove_code(back, member, factor)


def type_keys(page: Page, member: Membership, factor: str, code: str) -> None:
    page.get_by_label("Work e-mail").fill(member.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Code from your authenticator app").fill(factor)
    page.get_by_label("Break-glass code").fill(code)
    page.get_by_role("button", name="Continue").click()


def enforce(admin: Window) -> None:
    page = admin.open("/o/acme/sso/policy/")
    page.get_by_role("link", name="Enforce").click()
    page.get_by_role("link", name="Rehearsal").click()
    fails = page.get_by_role("row").filter(has_text="Olga Petrova")
    expect(fails).to_contain_text("Has never come in by single sign-on here")
    page.go_back()
    page.get_by_role("button", name="Enforce now").click()
    expect(page.get_by_text("On trial", exact=True)).to_be_visible()


def come_in_by_oidc(other: Window, member: Membership, factor: str) -> None:
    start_sign_in(other.open("/"), member.email)
    other.page.get_by_role("button", name="Continue with").click()
    other.page.get_by_label("Code").fill(factor)
    other.page.keyboard.press("Enter")
    other.page.wait_for_url("**/o/acme/")


def locked_out(stranded: Window, member: Membership, factor: str) -> None:
    """The provider does not answer, and a password with its second factor is no way in."""
    page = stranded.open("/")
    start_sign_in(page, member.email)
    page.get_by_role("button", name="Continue with").click()
    page.wait_for_url("chrome-error://**")
    stranded.open("/sign-in/password/")
    page.get_by_label("Work e-mail").fill(member.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill(factor)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Single sign-on only")


def everybody_is_alarmed(letters: list[Any]) -> None:
    opened = [letter for letter in letters if "Break-glass was opened" in letter.subject]
    told = [address for letter in opened for address in letter.to]
    for address in ("ada@acme.test", "olga@acme.test", "max@acme.test", "security@acme.test"):
        assert sum(address in one for one in told) == 1, told
