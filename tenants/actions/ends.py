"""The day on which somebody's access ends by itself: set, moved, lifted, and announced."""

from datetime import datetime, timedelta
from typing import Final

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted
from tenants.access import Actor, action
from tenants.actions.guards import keep_an_owner, lock_organization, may_hand_out
from tenants.actions.members import MemberNotActive
from tenants.models import Membership
from tenants.permissions import Permission

NOTICE: Final = timedelta(days=7)


@action(Permission.MEMBER_MANAGE)
def set_access_end(
    membership: Membership, *, actor: Actor, at: datetime, ends_at: datetime | None
) -> Membership:
    """Let the access end at an instant to come, or let it stand without end.

    Raises Invalid, LastOwner, MemberNotActive, NotPermitted.
    """
    lock_organization()
    membership = Membership.objects.locked(membership.pk)
    _may_set(membership, actor=actor)
    checked_end(ends_at, at=at)
    if ends_at is not None:
        keep_an_owner(membership, at=at)
    before, membership.access_ends_at = membership.access_ends_at, ends_at
    if before == ends_at:
        return membership
    membership.access_end_noticed_at = None
    membership.version += 1
    membership.save(update_fields=["access_ends_at", "access_end_noticed_at", "version"])
    record(
        EventName.MEMBER_END_CHANGED,
        actor=actor,
        target=membership,
        before=before.isoformat() if before else "",
        after=ends_at.isoformat() if ends_at else "",
    )
    return membership


@action(Permission.MEMBER_MANAGE)
def notice_access_end(membership: Membership, *, actor: Actor, at: datetime) -> bool:
    """Announce an end that is near, once. Tells whether there was something to announce."""
    membership = Membership.objects.locked(membership.pk)
    if not is_end_near(membership, at=at) or membership.access_end_noticed_at is not None:
        return False
    membership.access_end_noticed_at = at
    membership.save(update_fields=["access_end_noticed_at"])
    ends_at = membership.access_ends_at
    record(
        EventName.MEMBER_END_NOTICED,
        actor=actor,
        target=membership,
        ends_at=ends_at.isoformat() if ends_at else "",
    )
    return True


def is_end_near(membership: Membership, *, at: datetime) -> bool:
    ends_at = membership.access_ends_at
    stands = membership.status == Membership.Status.ACTIVE
    return stands and ends_at is not None and at < ends_at <= at + NOTICE


def checked_end(ends_at: datetime | None, *, at: datetime) -> datetime | None:
    """The end itself, or Invalid when it lies behind us."""
    if ends_at is not None and ends_at <= at:
        raise Invalid(
            "An end of access lies ahead.",
            {"access_ends_at": "Choose a day to come. To end access now, suspend or revoke it."},
        )
    return ends_at


def _may_set(membership: Membership, *, actor: Actor) -> None:
    if membership.status != Membership.Status.ACTIVE:
        raise MemberNotActive(f"Access of {membership} is blocked. Let them in again first.")
    if actor.membership is not None and actor.membership.pk == membership.pk:
        raise NotPermitted("Nobody sets the end of their own access. Ask another owner or admin.")
    may_hand_out(membership.role_permissions(), actor=actor)
