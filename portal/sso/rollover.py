"""Notices at a sign-in that the identity provider has begun to sign with its next key."""

from datetime import datetime

from portal.sso.actions.watching import promote_certificate
from portal.sso.models import Connection
from portal.sso.saml.guard import GuardedResponse
from portal.sso.saml.signatures import matching_slot
from tenants.access import system_actor

_SECOND = 1


def follow_key(guarded: GuardedResponse, connection: Connection, *, at: datetime) -> None:
    """Call it for a verified response. It costs a second verification while there are two keys."""
    if not (connection.is_in_use and connection.next_certificate):
        return
    first, second = connection.certificates()
    signed = guarded.assertion if guarded.signs_assertion else guarded.sent
    is_newer = second.expires_at > first.expires_at
    if is_newer and matching_slot(signed, connection.pems()) == _SECOND:
        promote_certificate(
            connection,
            actor=system_actor(connection.organization),
            at=at,
            fingerprint=second.fingerprint,
        )
