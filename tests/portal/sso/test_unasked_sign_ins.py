"""Sign-ins that begin at the identity provider: only where the organization said yes."""

from collections.abc import Callable

import pytest
from django.conf import settings

from portal.sso.models import Connection, SignInAttempt, UsedAssertion
from portal.sso.refusals import Reason
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.forging import edited, unasked

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_idp(acme_idp: Idp) -> Idp:
    Connection.objects.update(accepts_unsolicited=True)
    return acme_idp


def last_reason() -> str:
    return SignInAttempt.objects.order_by("-id")[0].reason


def test_tile_of_the_provider_signs_in(browser: Browser, open_idp: Idp) -> None:
    response = browser.bring(open_idp, unasked(open_idp, ""))

    assert response["Location"] == "/o/acme/"
    assert browser.is_signed_in
    assert UsedAssertion.objects.count() == 1


def test_is_refused_by_default(browser: Browser, acme_idp: Idp) -> None:
    response = browser.bring(acme_idp, unasked(acme_idp, ""))

    assert response.status_code == 403
    assert last_reason() == Reason.UNSOLICITED


@pytest.mark.parametrize(
    ("path", "named"),
    [(".", None), (".//s:SubjectConfirmationData", None), (".", "_somebody-elses")],
)
def test_request_named_in_one_place_is_refused(
    browser: Browser, open_idp: Idp, path: str, named: str | None
) -> None:
    """The outer value is unsigned: an assertion of any kind could be dressed up with it."""
    asked = browser.begin(open_idp)

    response = browser.bring(open_idp, edited(path, InResponseTo=named)(open_idp, asked.id))

    assert response.status_code == 403
    assert last_reason() == Reason.UNSOLICITED


def test_request_that_is_named_must_be_this_browsers_own(
    browser: Browser, open_idp: Idp, new_browser: Callable[[], Browser]
) -> None:
    asked = browser.begin(open_idp)
    thief = new_browser()

    response = thief.bring(open_idp, open_idp.response(asked.id))

    assert response.status_code == 403
    assert last_reason() == Reason.OTHER_BROWSER
    assert not thief.is_signed_in


def test_same_assertion_signs_in_once(
    browser: Browser, open_idp: Idp, new_browser: Callable[[], Browser]
) -> None:
    signed = unasked(open_idp, "")
    browser.bring(open_idp, signed)
    signed.set("ID", "_another-wrapper")

    response = new_browser().bring(open_idp, signed)

    assert response.status_code == 403
    assert last_reason() == Reason.REPLAYED


def test_never_replaces_who_is_signed_in(browser: Browser, open_idp: Idp) -> None:
    """Any page could post a response of its own author's here, in the visitor's browser."""
    browser.sign_in(open_idp, subject="omar-0001", email="omar@acme.test")
    somebody = browser.session["_auth_user_id"]

    response = browser.bring(open_idp, unasked(open_idp, ""))

    assert response.status_code == 403
    assert last_reason() == Reason.OTHER_PERSON
    assert browser.session["_auth_user_id"] == somebody


def test_the_same_person_may_come_again(browser: Browser, open_idp: Idp) -> None:
    browser.sign_in(open_idp)

    assert browser.bring(open_idp, unasked(open_idp, "")).status_code == 302


def test_switched_off_meanwhile(browser: Browser, open_idp: Idp) -> None:
    finish = browser.post_to_acs(open_idp, unasked(open_idp, ""))["Location"]
    Connection.objects.update(accepts_unsolicited=False)

    assert browser.get(finish).status_code == 403
    assert last_reason() == Reason.UNSOLICITED


GOALS = {
    "/o/acme/requests/": "/o/acme/requests/",
    f"{settings.BASE_URL}/o/acme/requests/?page=2": "/o/acme/requests/?page=2",
    "": "/o/acme/",
    "/o/globex/": "/o/acme/",
    "/console/": "/o/acme/",
    "/o/acme/../globex/": "/o/acme/",
    "/o/acme/%2e%2e/globex/": "/o/acme/",
    "/o/acme/\r\nX: y": "/o/acme/",
    "//evil.test/o/acme/": "/o/acme/",
    "https://evil.test/o/acme/": "/o/acme/",
    "/\\evil.test/o/acme/": "/o/acme/",
    f"{settings.BASE_URL}.evil.test/o/acme/": "/o/acme/",
    f"{settings.BASE_URL}@evil.test/": "/o/acme/",
    "javascript:alert(1)": "/o/acme/",
    "/o/acme/" + "x" * 600: "/o/acme/",
}


@pytest.mark.parametrize("relay_state", GOALS, ids=range(len(GOALS)))
def test_relay_state_leads_into_this_workspace_only(
    browser: Browser, open_idp: Idp, relay_state: str
) -> None:
    response = browser.bring(open_idp, unasked(open_idp, ""), RelayState=relay_state)

    assert response["Location"] == GOALS[relay_state]


def test_relay_state_is_nothing_to_a_sign_in_of_our_own(browser: Browser, open_idp: Idp) -> None:
    asked = browser.begin(open_idp)

    response = browser.bring(open_idp, open_idp.response(asked.id), RelayState="/o/acme/requests/")

    assert response["Location"] == "/o/acme/"
