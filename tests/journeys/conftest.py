"""Journeys in Chromium: a site with its own address, a foreign IdP, and mail that really leaves."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from playwright.sync_api import Page, expect

from audit.tree import seal_pending
from portal.outlets.tasks import send_mail
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.foreign.identity_provider import PASSWORD


@pytest.fixture
def site(settings: Any, live_server: Any) -> str:
    """The address under which Gatehouse is served and calls itself."""
    settings.BASE_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def letters(mailoutbox: list[EmailMultiAlternatives]) -> Callable[..., list[Any]]:
    """`letters(organization)`: let its mailer work, and return all that has gone out so far."""

    def run(organization: Organization) -> list[Any]:
        with organization_scope(organization.pk):
            seal_pending(organization.pk)
            send_mail(organization_id=str(organization.pk))
        return list(mailoutbox)

    return run


def link_in(letter: EmailMultiAlternatives, part: str) -> str:
    """The address in a letter that contains `part`."""
    found = [url for url in re.findall(r"https?://\S+", str(letter.body)) if part in url]
    assert found, letter.body
    return str(found[0])


def sign_in_at_simplesamlphp(page: Page, uid: str) -> None:
    """Fill in SimpleSAMLphp's own form."""
    page.wait_for_url("https://127.0.0.1:*/**")
    page.locator("#username").fill(uid)
    page.locator("#password").fill(PASSWORD)
    page.locator("#password").press("Enter")


def heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def start_sign_in(page: Page, email: str) -> None:
    """The start page: the address leads to the organization's own way in."""
    page.get_by_label("Work e-mail").fill(email)
    page.get_by_role("button", name="Continue").click()


def run_test_login(page: Page) -> None:
    """From a connection's page to its identity provider."""
    page.get_by_role("link", name="Test", exact=True).click()
    page.get_by_role("button", name="Test this connection").first.click()


def activate(page: Page) -> None:
    """What passed is looked at rule by rule, then switched on."""
    expect(page.get_by_text("The test login passed")).to_be_visible()
    assert "erin@acme.test" in page.inner_text("main") or "ada@acme.test" in page.inner_text("main")
    page.get_by_role("button", name="Activate").first.click()
    expect(page.get_by_text("Active", exact=True).first).to_be_visible()
