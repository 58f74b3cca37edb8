"""A fresh sign-in as the person's identity provider would vouch for it now: the proof of no access.

It goes through the very addresses that browsers use. What makes it valid is written by the caller
into a transaction that is rolled back, so that no other process and nobody outside ever sees it.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlencode

from allauth.socialaccount.internal.statekit import STATES_SESSION_KEY
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection as database
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from portal.sso.identity import Identity
from portal.sso.models import Connection, SignInAttempt
from portal.sso.parking import Parked, park
from portal.sso.refusals import Reason
from portal.sso.rules import PARKED_SECONDS
from portal.sso.saml.profile import VerifiedAssertion

# Put into the environment by code of this process alone: a server puts texts there, no objects.
PROVEN_IDENTITY = "gatehouse.proven_identity"
# These say that the knock itself was wrong, and nothing about the person.
SAYS_NOTHING = frozenset(
    {Reason.OTHER_BROWSER, Reason.REPLAYED, Reason.UNSOLICITED, Reason.WRONG_ANSWER}
)


@dataclass(frozen=True, slots=True)
class FreshSignIn:
    """The request with which a browser would finish the sign-in."""

    path: str
    cookies: dict[str, str]
    environ: dict[str, object] = field(default_factory=dict)


def fresh_sign_in(connection: Connection, identity: Identity, *, at: datetime) -> FreshSignIn:
    """Inside a transaction that its caller rolls back."""
    if not database.in_atomic_block:
        raise RuntimeError("A fresh sign-in may never be committed.")
    asked = f"_{secrets.token_hex(16)}"
    session = SessionStore()
    state = {"process": "login", "data": {}, "nonce": "", "verifier": ""}
    session[STATES_SESSION_KEY] = {asked: [state, at.timestamp(), connection.provider_id]}
    session.create()
    cookies = {settings.SESSION_COOKIE_NAME: str(session.session_key)}
    if connection.is_saml:
        return _parked(connection, identity, asked, cookies=cookies, at=at)
    return FreshSignIn(
        reverse("sso-callback", args=[connection.pk]),
        cookies,
        {"QUERY_STRING": urlencode({"state": asked}), PROVEN_IDENTITY: identity},
    )


def _parked(
    connection: Connection,
    identity: Identity,
    asked: str,
    *,
    cookies: dict[str, str],
    at: datetime,
) -> FreshSignIn:
    verified = VerifiedAssertion(
        assertion_id=f"_{secrets.token_hex(16)}",
        in_response_to=asked,
        expires_at=at + timedelta(seconds=PARKED_SECONDS),
        identity=identity,
    )
    carrier = HttpResponse()
    park(carrier, connection, Parked(verified), at=at)
    carried = {name: morsel.value for name, morsel in carrier.cookies.items()}
    return FreshSignIn(reverse("sso-finish", args=[connection.pk]), {**cookies, **carried})


def proven_identity(request: HttpRequest) -> Identity | None:
    """Whom this process itself vouches for; from outside there is never anybody."""
    found = request.META.get(PROVEN_IDENTITY)
    return found if isinstance(found, Identity) else None


def latest_reason(connection: Connection) -> str:
    """Why the latest sign-in through this connection was refused; empty when it was let in."""
    attempt = SignInAttempt.objects.filter(connection=connection).order_by("-id").first()
    return str(attempt.reason) if attempt else ""
