"""Access taken for a while: no request is opened, and the person can be let in again."""

from datetime import datetime

from audit.refusals import NotPermitted
from tenants.access import Actor, action
from tenants.actions.members import contain_member
from tenants.models import Membership
from tenants.permissions import Permission


@action(Permission.REVOCATION_FILE, step_up=True)
def suspend_member(
    membership: Membership, *, actor: Actor, at: datetime, reason: str = ""
) -> Membership:
    """Cut every way in until somebody lets the person in again.

    Raises NotPermitted for oneself and for an owner by anybody else, LastOwner, MemberNotActive.
    """
    if actor.membership is not None and actor.membership.pk == membership.pk:
        raise NotPermitted("You cannot suspend yourself. Ask another owner or admin to do it.")
    return contain_member(membership, actor=actor, at=at, reason=reason)
