"""A connection is tested through its real provider, and a draft signs nobody in."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from portal.sso.configuration import is_tested
from portal.sso.models import Connection, SignInAttempt
from portal.sso.refusals import Reason
from tenants.actions.entries import open_entry
from tenants.models import Entry, Membership, Organization
from tenants.resolving import actor_for_member
from tests.portal.sso.openid.conftest import Browser, Connected

pytestmark = pytest.mark.django_db
Connect = Callable[..., Connected]
KINDS = ["google", "microsoft", "oidc"]


@pytest.fixture
def tester(browser: Browser, ada: Membership) -> Membership:
    """Ada, let in with this browser."""
    browser.force_login(ada.user)
    open_entry(
        ada,
        actor=actor_for_member(ada),
        at=timezone.now(),
        session_key=str(browser.session.session_key),
        method=Entry.Method.PASSWORD,
        has_second_factor=True,
    )
    return ada


def tried(browser: Browser, connection: Connection) -> Any:
    begun = browser.post(f"/o/acme/sso/{connection.pk}/test/begin/")
    assert begun.status_code == 302, begun.content
    return browser.come_back(connection, browser.at_provider(begun["Location"]))


@pytest.mark.parametrize("kind", KINDS)
def test_passed_test_counts_for_this_configuration(
    browser: Browser, tester: Membership, connected: Connect, organization: Organization, kind: str
) -> None:
    at = connected(organization, kind, active=False)

    response = tried(browser, at.connection)

    assert response.status_code == 200, response.content
    assert "Signature" in response.content.decode()
    connection = Connection.objects.get()
    assert is_tested(connection)
    assert connection.state == "testing"
    attempt = SignInAttempt.objects.get()
    assert attempt.is_test
    assert attempt.accepted
    assert not SocialAccount.objects.exists()
    assert Membership.objects.get() == tester


@pytest.mark.parametrize(
    ("kind", "says", "reason"),
    [
        ("google", {"hd": "globex.test"}, Reason.HOSTED_DOMAIN),
        ("microsoft", {"tid": "x"}, Reason.TENANT),
        ("oidc", {"email_verified": "true"}, Reason.EMAIL_NOT_VERIFIED),
    ],
)
def test_refused_test_is_kept_with_every_rule(
    browser: Browser,
    tester: Membership,
    connected: Connect,
    organization: Organization,
    kind: str,
    says: dict[str, Any],
    reason: Reason,
) -> None:
    at = connected(organization, kind, active=False)
    at.issuer.says.update(says)

    response = tried(browser, at.connection)

    assert response.status_code == 403
    attempt: Any = SignInAttempt.objects.get()
    assert (attempt.is_test, attempt.reason) == (True, reason)
    assert [check["passed"] for check in attempt.checks].count(False) == 1
    assert not is_tested(Connection.objects.get())


def test_address_in_no_proven_domain_does_not_pass(
    browser: Browser, tester: Membership, connected: Connect, organization: Organization
) -> None:
    at = connected(organization, active=False)
    at.issuer.says["email"] = "erin@elsewhere.test"

    tried(browser, at.connection)

    assert not is_tested(Connection.objects.get())


@pytest.mark.parametrize("kind", KINDS)
def test_draft_signs_nobody_in(
    browser: Browser, connected: Connect, organization: Organization, kind: str
) -> None:
    at = connected(organization, kind, active=False)

    response = browser.post(f"/sso/{at.connection.pk}/start/")

    assert response.status_code == 403
    assert SignInAttempt.objects.get().reason == Reason.INACTIVE


def test_test_of_one_browser_is_not_finished_in_another(
    browser: Browser,
    tester: Membership,
    connected: Connect,
    organization: Organization,
    new_browser: Callable[[], Browser],
) -> None:
    at = connected(organization, active=False)
    begun = browser.post(f"/o/acme/sso/{at.connection.pk}/test/begin/")
    sent = browser.at_provider(begun["Location"])

    response = new_browser().come_back(at.connection, sent)

    assert response.status_code == 403
    assert not is_tested(Connection.objects.get())
