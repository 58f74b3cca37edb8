"""Between the POST of the identity provider and the browser's own request."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.sso.models import ParkedSignIn, SignInAttempt, UsedAssertion
from portal.sso.refusals import Reason
from portal.sso.rules import PARKED_SECONDS
from portal.sso.sweeps import forget_parked
from tenants import clock
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.forging import with_groups

pytestmark = pytest.mark.django_db


def cookie_of(browser: Browser) -> str:
    return browser.cookies["gatehouse-parked"].value


def test_hundreds_of_groups_find_their_way(browser: Browser, acme_idp: Idp) -> None:
    """A cookie of 4 kB would drop them, and the person would end on a page about cookies."""
    groups = [f"cn=Department {n},ou=Groups,o=Acme" for n in range(600)]
    asked = browser.begin(acme_idp)

    response = browser.bring(acme_idp, with_groups(acme_idp, asked.id, groups))

    assert response.status_code == 302
    attempt = SignInAttempt.objects.get()
    assert attempt.claims["groups"][0] == groups[0]


def test_cookie_says_nothing_and_the_row_is_sealed(browser: Browser, acme_idp: Idp) -> None:
    asked = browser.begin(acme_idp)

    browser.post_to_acs(acme_idp, acme_idp.response(asked.id))

    row = ParkedSignIn.objects.get()
    for value in (cookie_of(browser), row.sealed, row.key_digest):
        assert "erin" not in value
    assert len(cookie_of(browser)) < 60
    assert cookie_of(browser) not in row.key_digest


def test_result_is_taken_once(
    browser: Browser, acme_idp: Idp, new_browser: Callable[[], Browser]
) -> None:
    asked = browser.begin(acme_idp)
    finish = browser.post_to_acs(acme_idp, acme_idp.response(asked.id))["Location"]
    key = cookie_of(browser)
    thief = new_browser()
    thief.cookies["gatehouse-parked"] = key

    assert thief.get(finish).status_code == 403
    assert not ParkedSignIn.objects.exists()
    assert browser.get(finish).status_code == 403
    assert set(SignInAttempt.objects.values_list("reason", flat=True)) == {Reason.OTHER_BROWSER}
    assert not UsedAssertion.objects.exists()


def test_result_waits_two_minutes(browser: Browser, acme_idp: Idp) -> None:
    asked = browser.begin(acme_idp)
    finish = browser.post_to_acs(acme_idp, acme_idp.response(asked.id))["Location"]

    with clock.shifted(timedelta(seconds=PARKED_SECONDS + 1)):
        assert browser.get(finish).status_code == 403

    assert not browser.is_signed_in


def test_result_for_one_connection_opens_no_other(
    browser: Browser, acme_idp: Idp, globex_idp: Idp
) -> None:
    asked = browser.begin(acme_idp)
    browser.post_to_acs(acme_idp, acme_idp.response(asked.id))
    key = cookie_of(browser)

    assert browser.get(f"/sso/{globex_idp.connection.pk}/finish/").status_code == 403
    browser.cookies["gatehouse-parked"] = key
    assert browser.get(f"/sso/{acme_idp.connection.pk}/finish/").status_code == 302


def test_results_nobody_came_for_are_swept(browser: Browser, acme_idp: Idp) -> None:
    asked = browser.begin(acme_idp)
    browser.post_to_acs(acme_idp, acme_idp.response(asked.id))

    forget_parked(timezone.now())
    assert ParkedSignIn.objects.count() == 1
    forget_parked(timezone.now() + timedelta(seconds=PARKED_SECONDS + 1))
    assert not ParkedSignIn.objects.exists()
