"""Carries a verified result from the cross-site POST to the browser's own next request.

The identity provider's POST comes without our session cookie. What it proved waits, sealed, in a
row for the same-site GET that has the session; the browser holds the key to that row in a cookie.
A row is made for a fully validated response only, and taken once.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from audit.sealing import KeyDestroyed, SealBroken, seal, unseal
from portal.sso.identity import Identity
from portal.sso.models import Connection, ParkedSignIn
from portal.sso.rules import PARKED_SECONDS
from portal.sso.saml.profile import VerifiedAssertion
from portal.sso.verdicts import Check

PURPOSE = "parked-sign-in"


@dataclass(frozen=True)
class Parked:
    """A verified result, how each rule went, and where an unasked sign-in wants to go."""

    verified: VerifiedAssertion
    checks: Sequence[Check] = ()
    goal: str = ""


def _cookie() -> str:
    return f"{'__Host-' if settings.IS_SECURE else ''}gatehouse-parked"


def park(response: HttpResponse, connection: Connection, parked: Parked, *, at: datetime) -> None:
    """Keep the result, and let the browser carry its key to the finish."""
    key = secrets.token_urlsafe(32)
    digest = _digest(key)
    ParkedSignIn.objects.create(
        connection=connection,
        key_digest=digest,
        sealed=seal(
            json.dumps(_as_values(parked)),
            organization_id=connection.organization_id,
            purpose=PURPOSE,
            subject=str(connection.pk),
            context=digest,
        ),
        expires_at=at + timedelta(seconds=PARKED_SECONDS),
    )
    response.set_cookie(
        _cookie(),
        key,
        max_age=PARKED_SECONDS,
        path="/",
        secure=settings.IS_SECURE,
        httponly=True,
        samesite="Lax",
    )


def unpark(request: HttpRequest, connection: Connection, *, at: datetime) -> Parked | None:
    """The result parked for this browser and connection, if it is fresh; nobody gets it again."""
    key = request.COOKIES.get(_cookie(), "")
    row = ParkedSignIn.objects.filter(connection=connection, key_digest=_digest(key)).first()
    if row is None:
        return None
    # Of two that race for it, one deletes it.
    taken, _counts = ParkedSignIn.objects.filter(pk=row.pk).delete()
    if not taken or row.expires_at <= at:
        return None
    try:
        values = unseal(row.sealed, organization_id=row.organization_id, context=row.key_digest)
    except (SealBroken, KeyDestroyed):
        return None
    return _from_values(json.loads(values))


def forget(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(_cookie(), path="/", samesite="Lax")
    return response


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _as_values(parked: Parked) -> dict[str, Any]:
    verified = parked.verified
    identity = asdict(verified.identity)
    identity["authenticated_at"] = verified.identity.authenticated_at.isoformat()
    return {
        "assertion_id": verified.assertion_id,
        "in_response_to": verified.in_response_to,
        "expires_at": verified.expires_at.isoformat(),
        "identity": identity,
        "checks": [check.as_row() for check in parked.checks],
        "goal": parked.goal,
    }


def _from_values(values: dict[str, Any]) -> Parked:
    said = values["identity"]
    said["authenticated_at"] = datetime.fromisoformat(said["authenticated_at"])
    said["claims"] = {name: tuple(found) for name, found in said["claims"].items()}
    verified = VerifiedAssertion(
        assertion_id=values["assertion_id"],
        in_response_to=values["in_response_to"],
        expires_at=datetime.fromisoformat(values["expires_at"]),
        identity=Identity(**said),
    )
    checks = tuple(Check(**row) for row in values["checks"])
    return Parked(verified, checks, values["goal"])
