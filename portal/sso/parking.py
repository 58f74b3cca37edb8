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

from portal.sso.rules import PARKED_SECONDS
from portal.sso.saml.profile import VerifiedAssertion

_SALT = "gatehouse.sso.parked"
_INSTANTS = ("authenticated_at", "expires_at")


def _cookie() -> str:
    return f"{'__Host-' if settings.IS_SECURE else ''}gatehouse-parked"


def park(response: HttpResponse, connection_id: UUID, verified: VerifiedAssertion) -> None:
    """Let the browser carry the result to the finish."""
    values = {
        key: value.isoformat() if isinstance(value, datetime) else value
        for key, value in asdict(verified).items()
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
    instants = {key: datetime.fromisoformat(values[key]) for key in _INSTANTS}
    return VerifiedAssertion(**{**values, **instants})


def forget(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(_cookie(), path="/", samesite="Lax")
    return response
