"""Sign-ins that begin at the identity provider, for a connection whose organization wants them."""

from typing import Any
from urllib.parse import unquote

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.http import HttpRequest

from accounts.models import User
from portal.sso.entering import home_of, safe_next
from portal.sso.models import Connection
from portal.sso.parking import Parked
from portal.sso.refusals import Reason, SignInRefused

MAX_GOAL = 500


def goal_in(request: HttpRequest, relay_state: str, connection: Connection) -> str:
    """The page that a RelayState asks for: one of this organization's workspace, or nothing."""
    wanted = relay_state.removeprefix(settings.BASE_URL)
    home = home_of(connection.organization)
    # A browser resolves `..` before it asks, so a path must not leave the workspace that way.
    leaves = ".." in unquote(wanted) or not wanted.isprintable()
    if len(wanted) > MAX_GOAL or leaves or not wanted.startswith(home):
        return ""
    return safe_next(request, wanted)


def state_of_unasked(
    request: HttpRequest, connection: Connection, parked: Parked
) -> dict[str, Any]:
    """What a sign-in of our own making would have remembered. Raises SignInRefused.

    A link on another page could send such a response, so it never replaces who is signed in.
    """
    if not connection.accepts_unsolicited:
        raise SignInRefused(Reason.UNSOLICITED)
    known = SocialAccount.objects.filter(
        provider=connection.provider_id, uid=parked.verified.identity.subject
    ).values_list("user_id", flat=True)
    if isinstance(request.user, User) and request.user.pk not in known:
        raise SignInRefused(Reason.OTHER_PERSON)
    return {"process": "login", "next": parked.goal, "data": {}}
