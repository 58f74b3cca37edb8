"""A step-up through an OpenID provider counts only if the person has just proven themselves."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portal.sso.models import SignInAttempt
from portal.sso.refusals import Reason
from tenants.models import Entry, Organization
from tests.portal.sso.openid.conftest import Browser, Connected
from tests.portal.sso.openid.op import LEFT_OUT

pytestmark = pytest.mark.django_db
Connect = Callable[..., Connected]


def step_up(browser: Browser, at: Connected) -> tuple[dict[str, list[str]], Any]:
    address = browser.post("/o/acme/step-up/", {"next": "/o/acme/requests/"})["Location"]
    sent = browser.at_provider(address)
    return parse_qs(urlsplit(address).query), browser.come_back(at.connection, sent)


@pytest.mark.parametrize("kind", ["google", "microsoft", "oidc"])
def test_fresh_sign_in_counts(
    browser: Browser, connected: Connect, organization: Organization, kind: str
) -> None:
    at = connected(organization, kind)
    browser.sign_in(at.connection)
    assert Entry.objects.get().step_up_at is None

    asked, response = step_up(browser, at)

    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    assert ("claims" in asked) == (kind != "oidc")
    assert response["Location"] == "/o/acme/requests/"
    assert Entry.objects.get().step_up_at is not None


@pytest.mark.parametrize("auth_time", [None, "now", True, 0, -3600, 10**12])
def test_sign_in_of_this_morning_does_not(
    browser: Browser, connected: Connect, organization: Organization, auth_time: Any
) -> None:
    """Or one of which the provider does not say when it was."""
    if auth_time == -3600:  # counted from now: what is collected must be the same in each process
        auth_time = int(time.time()) - 3600
    at = connected(organization)
    browser.sign_in(at.connection)
    is_relative = isinstance(auth_time, int) and auth_time < 0
    at.issuer.says["auth_time"] = int(time.time()) + auth_time if is_relative else auth_time

    _asked, response = step_up(browser, at)

    assert response.status_code == 403
    assert SignInAttempt.objects.order_by("-id")[0].reason == Reason.STALE_SIGN_IN
    assert Entry.objects.get().step_up_at is None


def test_somebody_else_does_not(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    new_browser: Callable[[], Browser],
) -> None:
    at = connected(organization)
    browser.sign_in(at.connection)
    at.issuer.says.update(sub="omar-0002", email="omar@acme.test")
    new_browser().sign_in(at.connection)

    _asked, response = step_up(browser, at)

    assert response.status_code == 403
    assert SignInAttempt.objects.order_by("-id")[0].reason == Reason.OTHER_PERSON
    assert not Entry.objects.filter(step_up_at__isnull=False).exists()


def test_old_sign_in_is_enough_to_come_in(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization)
    at.issuer.says["auth_time"] = LEFT_OUT

    assert browser.sign_in(at.connection).status_code == 302
