"""What a refused sign-in leaves behind, and what it must not."""

from typing import Any

from allauth.socialaccount.models import SocialAccount

from accounts.models import User
from audit.models import Event
from audit.names import EventName
from portal.sso.models import SignInAttempt
from portal.sso.refusals import Reason
from tenants.models import Entry, Membership
from tests.portal.sso.openid.conftest import Browser


def is_refused(response: Any, browser: Browser, reason: Reason) -> bool:
    """The page, the trace and the event are there; a session, an account or a member is not."""
    attempt = SignInAttempt.objects.order_by("-id").first()
    assert attempt is not None, response.content
    assert attempt.reason == reason, f"{attempt.reason}: {attempt.expected} / {attempt.received}"
    assert response.status_code in (400, 403)
    text = response.content.decode().replace("&#x27;", "'")
    assert str(reason.label) in text
    assert attempt.reference in text
    assert Event.objects.filter(name=EventName.SIGN_IN_REFUSED).count() == 1
    rows = [Membership.objects, User.objects, SocialAccount.objects, Entry.objects]
    return not browser.is_signed_in and not any(model.exists() for model in rows)
