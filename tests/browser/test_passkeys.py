"""Passkeys in a real browser, with the virtual authenticator it brings for tests."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache
from playwright.sync_api import Page, expect

from tenants.models import Entry, Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import PASSWORD, make_member, make_organization
from tests.chromium import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@dataclass
class Device:
    """The browser's own authenticator: a platform one that knows its person."""

    page: Page

    def __post_init__(self) -> None:
        self.session = self.page.context.new_cdp_session(self.page)
        self.session.send("WebAuthn.enable")
        made = self.session.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2",
                    "transport": "internal",
                    "hasResidentKey": True,
                    "hasUserVerification": True,
                    "isUserVerified": True,
                    "automaticPresenceSimulation": True,
                }
            },
        )
        self.id = made["authenticatorId"]

    def knows_its_person(self, *, is_known: bool) -> None:
        self.session.send(
            "WebAuthn.setUserVerified",
            {"authenticatorId": self.id, "isUserVerified": is_known},
        )


@pytest.fixture(autouse=True)
def _here(settings: Any, live_server: Any) -> Iterator[None]:
    """Passkeys belong to the product's own address."""
    settings.BASE_URL = live_server.url
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ada(db: None) -> Membership:
    acme = make_organization("acme", name="Acme Health")
    return make_member(acme, "Ada Okafor", BuiltInRole.OWNER)


@pytest.fixture
def with_device(window: Callable[..., Window]) -> Callable[..., tuple[Window, Device]]:
    def make(member: Membership | None = None) -> tuple[Window, Device]:
        seen = window(member)
        return seen, Device(seen.page)

    return make


def _add(seen: Window) -> None:
    page = seen.open("/account/passkeys/new/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name").fill("Ada's laptop")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()


def test_a_passkey_is_made_used_alone_and_used_to_confirm(
    ada: Membership, with_device: Callable[..., tuple[Window, Device]]
) -> None:
    seen, device = with_device(ada)
    _add(seen)
    page = seen.open("/account/passkeys/")
    expect(page.locator("strong", has_text="Ada's laptop")).to_be_visible()
    assert Axe().run(page).response["violations"] == []

    # Alone, without an address.
    page = seen.open("/sign-out/")
    page.get_by_role("button", name="Sign out").click()
    device.knows_its_person(is_known=False)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("No passkey was used")).to_be_visible()
    device.knows_its_person(is_known=True)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/o/acme/")
    with organization_scope(ada.organization_id):
        assert Entry.objects.open().get().method == "passkey"
        Entry.objects.update(step_up_at=None)

    # To confirm.
    page = seen.open("/o/acme/tokens/new/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/o/acme/tokens/new/")
    with organization_scope(ada.organization_id):
        assert Entry.objects.open().get().step_up_at is not None
    assert seen.complaints == []


def test_it_follows_the_password_and_the_same_device_makes_no_second_one(
    ada: Membership, with_device: Callable[..., tuple[Window, Device]]
) -> None:
    seen, _device = with_device(ada)
    _add(seen)
    page = seen.open("/account/passkeys/new/")
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_text("has a passkey for your account already")).to_be_visible()
    assert Authenticator.objects.filter(type="webauthn").count() == 1

    page = seen.open("/sign-out/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Work e-mail").fill(ada.email)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="One more proof")).to_be_visible()
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url("**/o/acme/")
    with organization_scope(ada.organization_id):
        entry = Entry.objects.open().get()
    assert (entry.method, entry.has_second_factor) == ("password", True)
    assert seen.complaints == []
