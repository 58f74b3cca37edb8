"""What an admin decides about removals that were kept back."""

from datetime import datetime

from django.db import transaction

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Refusal, StaleVersion
from portal.directory.braking import Asked
from portal.directory.leaving import depart, forget
from portal.directory.models import DirectoryHold, HeldChange
from portal.directory.moving import change_members
from portal.directory.rules import ChangeKind, HoldStatus
from portal.directory.scim.members import MemberChange
from tenants.access import Actor, action
from tenants.actions.guards import LastOwner, lock_organization
from tenants.models import Membership
from tenants.permissions import Permission


class HoldDecided(Refusal):
    """Somebody was quicker."""

    code = "hold-decided"


@action(Permission.SSO_MANAGE, step_up=True)
def release_hold(hold: DirectoryHold, *, actor: Actor, at: datetime, version: int) -> DirectoryHold:
    """Let the removals happen after all; they are carried out in chunks from now on."""
    actor.require(Permission.REVOCATION_FILE)
    hold = _decide(hold, HoldStatus.RELEASED, actor=actor, at=at, version=version)
    people = hold.changes.count()
    record(EventName.DIRECTORY_HOLD_RELEASED, actor=actor, target=hold, people=people)
    return hold


@action(Permission.SSO_MANAGE, step_up=True)
def dismiss_hold(hold: DirectoryHold, *, actor: Actor, at: datetime, version: int) -> DirectoryHold:
    """Keep everybody: nothing of what was held happens."""
    hold = _decide(hold, HoldStatus.DISMISSED, actor=actor, at=at, version=version)
    people = hold.changes.count()
    hold.changes.all().delete()
    record(EventName.DIRECTORY_HOLD_DISMISSED, actor=actor, target=hold, people=people)
    return hold


@action(Permission.REVOCATION_FILE)
def carry_out_held(hold: DirectoryHold, *, actor: Actor, at: datetime, at_most: int = 50) -> int:
    """Carry out the next removals of a released hold; returns how many are left.

    The last owner is kept, and said so; everybody else's access is blocked in this transaction.
    """
    lock_organization()
    hold = DirectoryHold.objects.locked(hold.pk)
    if hold.status != HoldStatus.RELEASED:
        return 0
    changes = hold.changes.select_related("user__membership", "group__team").order_by("id")
    for change in changes[:at_most]:
        _carry_out(change, Asked(actor, at, change.call_id))
        change.delete()
    return hold.changes.count()


def _decide(
    hold: DirectoryHold, status: HoldStatus, *, actor: Actor, at: datetime, version: int
) -> DirectoryHold:
    lock_organization()
    hold = DirectoryHold.objects.locked(hold.pk)
    if hold.status != HoldStatus.WAITING:
        raise HoldDecided(f"This was decided already: {hold.get_status_display()}.")
    if hold.version != version:
        raise StaleVersion("This has changed meanwhile. Look again, then decide.")
    hold.status, hold.decided_at, hold.decided_by = status, at, actor.membership
    hold.version += 1
    hold.save(update_fields=["status", "decided_at", "decided_by", "version"])
    return hold


def _carry_out(change: HeldChange, asked: Asked) -> None:
    if change.group is not None:
        gone = MemberChange(removed={change.user_id})
        change_members(change.group, gone, asked.actor)
        return
    user, member = change.user, change.user.membership
    if member is not None and member.status == Membership.Status.ACTIVE:
        try:
            with transaction.atomic():
                depart(user, ChangeKind(change.kind), asked)
        except LastOwner:
            record(EventName.DIRECTORY_OWNER_KEPT, actor=asked.actor, target=user)
            return
    if change.kind == ChangeKind.DELETE:
        forget(user, actor=asked.actor)
        return
    user.is_active, user.returning_at, user.changed_at = False, None, asked.at
    user.version += 1
    user.save(update_fields=["is_active", "returning_at", "changed_at", "version"])
