"""An access that is to be blocked at an instant to come: planned, and given up again."""

from datetime import datetime

from audit.names import EventName
from audit.recorder import record
from tenants.access import Actor, ActorKind, action
from tenants.actions.guards import keep_an_owner, lock_organization
from tenants.actions.members import MemberNotActive, reinstate_member
from tenants.models import Membership
from tenants.permissions import BuiltInRole, Permission


@action(Permission.REVOCATION_FILE)
def plan_block(
    membership: Membership, *, actor: Actor, at: datetime, blocked_from: datetime
) -> Membership:
    """Every request is refused from `blocked_from` on, whether anything works then or not.

    The guard of the last owner holds now: whoever has a planned end does not count as an owner
    who stays. Raises LastOwner, MemberNotActive.
    """
    lock_organization()
    membership = Membership.objects.locked(membership.pk)
    if membership.status == Membership.Status.REVOKED:
        raise MemberNotActive(f"Access of {membership} was revoked already.")
    if membership.role == BuiltInRole.OWNER and actor.kind is not ActorKind.SYSTEM:
        actor.require(Permission.ORGANIZATION_MANAGE)
    keep_an_owner(membership, at=at)
    membership.blocked_from = blocked_from
    _keep(membership)
    record(
        EventName.MEMBER_BLOCK_PLANNED,
        actor=actor,
        target=membership,
        blocked_from=blocked_from.isoformat(),
    )
    return membership


@action(Permission.REVOCATION_FILE)
def give_up_block(membership: Membership, *, actor: Actor) -> Membership:
    """The access stands as if nothing had been planned."""
    membership = Membership.objects.locked(membership.pk)
    if membership.blocked_from is not None:
        membership.blocked_from = None
        _keep(membership)
        record(EventName.MEMBER_BLOCK_GIVEN_UP, actor=actor, target=membership)
    return membership


@action(Permission.REVOCATION_FILE)
def restore_member(membership: Membership, *, actor: Actor, at: datetime) -> Membership:
    """Undo a block: role, teams and a set end as they were, and no old session or token.

    Raises NotPermitted for more than the actor may give, MemberNotContained.
    """
    before = Membership.objects.locked(membership.pk)
    back = reinstate_member(
        before, actor=actor, at=at, role=before.role, custom_role=before.custom_role
    )
    back.access_ends_at, back.blocked_from = before.access_ends_at, None
    back.save(update_fields=["access_ends_at", "blocked_from"])
    return back


def _keep(membership: Membership) -> None:
    membership.version += 1
    membership.save(update_fields=["blocked_from", "version"])
