"""All eight shapes of signature wrapping, in the clear and with a part of them encrypted for us."""

import pytest

from audit.models import Event
from audit.names import EventName
from portal.sso.models import ParkedSignIn, SignInAttempt
from portal.sso.refusals import Reason
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.signing import sign_response
from tests.portal.sso.wrapping import SHAPES, wrapped, wrapped_and_encrypted

pytestmark = pytest.mark.django_db

# The structure gives them away, before any signature is looked at.
BY_STRUCTURE = {Reason.WRONG_STRUCTURE, Reason.WRONG_SIGNATURE_SHAPE, Reason.ENCRYPTED}


def assert_refused(browser: Browser) -> None:
    attempt = SignInAttempt.objects.get()
    assert attempt.reason in BY_STRUCTURE, attempt.reason
    event = Event.objects.get(name=EventName.SIGN_IN_REFUSED)
    assert event.outcome == "refused"
    assert not browser.is_signed_in
    assert not ParkedSignIn.objects.exists()


@pytest.mark.parametrize("shape", SHAPES)
def test_wrapping_is_refused(browser: Browser, acme_idp: Idp, shape: str) -> None:
    asked = browser.begin(acme_idp)

    response = browser.bring(acme_idp, wrapped(shape, acme_idp, asked.id))

    assert response.status_code in {400, 403}
    assert_refused(browser)


@pytest.mark.parametrize("which", [0, -1], ids=["first-hidden", "last-hidden"])
@pytest.mark.parametrize("shape", SHAPES)
def test_wrapping_with_a_part_encrypted_is_refused(
    browser: Browser, acme_idp: Idp, shape: str, which: int
) -> None:
    """Some libraries look for wrapping before they decrypt, and not again."""
    asked = browser.begin(acme_idp)

    response = browser.bring(acme_idp, wrapped_and_encrypted(shape, which, acme_idp, asked.id))

    assert response.status_code in {400, 403}
    assert_refused(browser)


def test_both_signed_and_unwrapped_signs_in(browser: Browser, acme_idp: Idp) -> None:
    """The forgeries above start from this; if it were refused, they would show nothing."""
    asked = browser.begin(acme_idp)

    response = browser.bring(acme_idp, sign_response(acme_idp.response(asked.id), acme_idp.key))

    assert response.status_code == 302
    assert browser.is_signed_in
