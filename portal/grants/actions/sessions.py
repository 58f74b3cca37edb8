"""Opening and closing a support session: the use of a grant."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import Target, record
from audit.refusals import NotPermitted
from portal.grants.actions.ending import close_session
from portal.grants.models import Grant, SupportSession
from portal.grants.refusals import GrantNotPending
from portal.grants.standing import lapsed_because
from tenants.access import Actor, ActorKind, action
from tenants.permissions import Permission

BROWSER, API = "browser", "api"


@action(Permission.GRANT_REQUEST, step_up=True)
def open_support_session(grant: Grant, *, actor: Actor, at: datetime) -> SupportSession:
    """Begin to use one's active grant in a browser; any other session of this person closes."""
    return _open(grant, actor=actor, at=at, channel=BROWSER)


@action(Permission.GRANT_REQUEST)
def open_api_session(grant: Grant, *, actor: Actor, at: datetime) -> SupportSession:
    """The same for the person's own token: its first call begins a session.

    So does a call after one has run out; the token itself is what was proven.
    """
    return _open(grant, actor=actor, at=at, channel=API)


@action(Permission.GRANT_REQUEST)
def close_support_session(grant: Grant, *, actor: Actor, at: datetime) -> None:
    """Stop using a grant; it stays open for a later session."""
    mine = SupportSession.objects.filter(grant=grant, closed_at__isnull=True)
    for session in mine.filter(staff_id=_own(grant, actor)):
        close_session(session, grant, actor=actor, at=at)


def _open(grant: Grant, *, actor: Actor, at: datetime, channel: str) -> SupportSession:
    grant = Grant.objects.locked(grant.pk)
    staff_id = _own(grant, actor)
    if not grant.active(at) or lapsed_because(grant, at):
        raise GrantNotPending(
            _("%(grant)s is not active, so nothing can be read.") % {"grant": grant.reference}
        )
    for left in SupportSession.objects.filter(staff_id=staff_id, closed_at__isnull=True):
        close_session(left, left.grant, actor=actor, at=at)
    session: SupportSession = SupportSession.objects.create(
        grant=grant, staff_id=staff_id, channel=channel, opened_at=at, seen_at=at
    )
    record(
        EventName.SUPPORT_SESSION_OPENED,
        actor=actor,
        target=Target(kind="support_session", id=session.pk, reference=grant.reference),
        channel=channel,
    )
    return session


def _own(grant: Grant, actor: Actor) -> UUID:
    if actor.kind != ActorKind.STAFF or grant.staff_id != actor.id:
        raise NotPermitted(_("Only the person it was granted to can use diagnostic access."))
    return grant.staff_id
