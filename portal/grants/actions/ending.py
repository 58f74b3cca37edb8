"""The one way in which a grant ends: status, signature, sessions and the event, together."""

from datetime import datetime
from typing import Any

from audit.names import EventName
from audit.recorder import Target, record
from portal.grants import rules
from portal.grants.models import Grant, SupportSession
from portal.grants.rules import GrantStatus
from tenants.access import Actor

EVENTS = {
    GrantStatus.WITHDRAWN: EventName.GRANT_WITHDRAWN,
    GrantStatus.VENDOR_REJECTED: EventName.GRANT_REJECTED,
    GrantStatus.DENIED: EventName.GRANT_DENIED,
    GrantStatus.LAPSED: EventName.GRANT_LAPSED,
    GrantStatus.REVOKED: EventName.GRANT_REVOKED,
    GrantStatus.ENDED: EventName.GRANT_EXPIRED,
    GrantStatus.CANCELLED: EventName.GRANT_CANCELLED,
}


def end_grant(
    grant: Grant, to: GrantStatus, *, actor: Actor, at: datetime, because: str = ""
) -> Grant:
    """End a grant and every session under it, inside the caller's transaction."""
    grant = Grant.objects.locked(grant.pk)
    grant.end(to, at)
    grant.save(update_fields=["status", "version", "closed_at", "revoked_at", "signature"])
    close_sessions(grant, actor=actor, at=at)
    facts: dict[str, Any] = {"because": because} if because else {}
    record(EVENTS[to], actor=actor, target=grant, **facts)
    return grant


def cut_grant(grant: Grant, *, actor: Actor, at: datetime, because: str) -> Grant:
    """End an open grant for a reason that nobody decided about it: open access or a request."""
    to = GrantStatus.REVOKED if grant.status in rules.APPROVED else GrantStatus.CANCELLED
    return end_grant(grant, to, actor=actor, at=at, because=because)


def close_sessions(grant: Grant, *, actor: Actor, at: datetime) -> None:
    for session in SupportSession.objects.filter(grant=grant, closed_at__isnull=True):
        close_session(session, grant, actor=actor, at=at)


def close_session(session: SupportSession, grant: Grant, *, actor: Actor, at: datetime) -> None:
    """Close one session; a session left alone closed when its own time was over."""
    session.closed_at = max(session.opened_at, min(at, session.over_at))
    session.save(update_fields=["closed_at"])
    record(
        EventName.SUPPORT_SESSION_CLOSED,
        actor=actor,
        target=Target(kind="support_session", id=session.pk, reference=grant.reference),
    )
