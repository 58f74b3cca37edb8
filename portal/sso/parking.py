"""Carries a verified result from the cross-site POST to the browser's own next request.

The identity provider's POST comes without our session cookie. What it proved waits in a signed,
short-lived cookie for the same-site GET that has the session; nothing is stored before.
"""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from portal.sso.identity import Identity
from portal.sso.rules import PARKED_SECONDS
from portal.sso.saml.profile import VerifiedAssertion

_SALT = "gatehouse.sso.parked"


def _cookie() -> str:
    return f"{'__Host-' if settings.IS_SECURE else ''}gatehouse-parked"


def park(response: HttpResponse, connection_id: UUID, verified: VerifiedAssertion) -> None:
    """Let the browser carry the result to the finish."""
    identity = asdict(verified.identity)
    identity["authenticated_at"] = verified.identity.authenticated_at.isoformat()
    values = {
        "assertion_id": verified.assertion_id,
        "in_response_to": verified.in_response_to,
        "expires_at": verified.expires_at.isoformat(),
        "identity": identity,
    }
    response.set_cookie(
        _cookie(),
        signing.dumps([str(connection_id), values], salt=_SALT, compress=True),
        max_age=PARKED_SECONDS,
        path="/",
        secure=settings.IS_SECURE,
        httponly=True,
        samesite="Lax",
    )


def unpark(request: HttpRequest, connection_id: UUID) -> VerifiedAssertion | None:
    """The result parked for this connection, if it is ours, whole and fresh."""
    try:
        parked_for, values = signing.loads(
            request.COOKIES.get(_cookie(), ""), salt=_SALT, max_age=PARKED_SECONDS
        )
    except signing.BadSignature:
        return None
    if parked_for != str(connection_id):
        return None
    said = values["identity"]
    return VerifiedAssertion(
        assertion_id=values["assertion_id"],
        in_response_to=values["in_response_to"],
        expires_at=datetime.fromisoformat(values["expires_at"]),
        identity=Identity(
            subject=said["subject"],
            email=said["email"],
            name=said["name"],
            authenticated_at=datetime.fromisoformat(said["authenticated_at"]),
            claims={name: tuple(found) for name, found in said["claims"].items()},
        ),
    )


def forget(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(_cookie(), path="/", samesite="Lax")
    return response
