"""Who came by one organization's SSO sets a first password where another asks for one."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils import timezone

from tenants.models import Membership, Organization, Policy
from tenants.scoping import organization_scope
from tests.portal.sso.conftest import Browser, Idp

pytestmark = pytest.mark.django_db
WHERE = "/workspaces/globex/"
SECRET = "violet-anchor-lantern-92"


@pytest.fixture
def erin(browser: Browser, acme_idp: Idp, other_organization: Organization) -> Membership:
    """In Acme by SSO, without a password, and a member of Globex too."""
    browser.sign_in(acme_idp)
    known = Membership.objects.get(email="erin@acme.test")
    with organization_scope(other_organization.pk):
        Membership.objects.create(
            user=known.user,
            name=known.name,
            email=known.email,
            role="viewer",
            source="invitation",
            joined_at=timezone.now(),
        )
    return known


def test_the_link_is_sent_to_the_inbox_and_sets_a_password(
    browser: Browser,
    erin: Membership,
    mailoutbox: list[EmailMultiAlternatives],
    sending: Callable[[], Any],
) -> None:
    assert "has no password yet" in browser.get(WHERE).content.decode()
    with sending():
        answer = browser.post(WHERE)

    assert "A link is on its way to erin@acme.test." in answer.content.decode()
    (letter,) = mailoutbox
    assert letter.to == ["erin@acme.test"]
    found = re.search(r"http://testserver(/password/reset/\S+)", str(letter.body))
    assert found
    inbox = Client()
    form = inbox.get(found[1], follow=True)
    where = form.redirect_chain[-1][0]
    inbox.post(where, {"password1": SECRET, "password2": SECRET})
    erin.user.refresh_from_db()
    assert erin.user.check_password(SECRET)


def test_the_page_for_the_forgotten_still_sends_nothing_to_an_account_without_a_password(
    erin: Membership, mailoutbox: list[EmailMultiAlternatives], sending: Callable[[], Any]
) -> None:
    with sending():
        Client().post("/password/forgotten/", {"email": erin.email})

    assert mailoutbox == []


def test_a_workspace_that_takes_no_passwords_offers_none(
    browser: Browser, erin: Membership, other_organization: Organization
) -> None:
    with organization_scope(other_organization.pk):
        long_ago = timezone.now() - timedelta(days=1)
        Policy.objects.update(sso_enforced_at=long_ago, sso_confirmed_at=long_ago)

    assert browser.get(WHERE).status_code == 403
    assert browser.post(WHERE).status_code == 403


def test_a_known_employee_is_led_to_single_sign_on_as_before(
    browser: Browser, erin: Membership, acme_idp: Idp
) -> None:
    browser.post("/sign-out/")
    browser.sign_in(acme_idp)
    erin.entries.all().delete()

    assert browser.get("/workspaces/acme/")["Location"].startswith("/sso/")
