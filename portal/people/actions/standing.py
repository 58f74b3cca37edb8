"""Letting a suspended person in again, unless a request about them is at work."""

from datetime import datetime

from django.utils.translation import gettext as _

from audit.refusals import NotPermitted, Refusal
from portal.people.revoking import open_revocation
from tenants.access import Actor, action
from tenants.actions.guards import lock_organization
from tenants.actions.members import reinstate_member
from tenants.models import Membership, Role
from tenants.permissions import Permission


class RequestAtWork(Refusal):
    code = "request-at-work"


@action(Permission.REVOCATION_FILE, step_up=True)
def let_in_again(
    membership: Membership,
    *,
    actor: Actor,
    at: datetime,
    role: str = "",
    custom_role: Role | None = None,
) -> Membership:
    """Give a suspended person access back with this role; nothing old works.

    Raises RequestAtWork while a revocation of this person runs, MemberNotContained, NotPermitted.
    """
    if actor.membership is not None and actor.membership.pk == membership.pk:
        raise NotPermitted(_("Nobody lets themselves in again."))
    lock_organization()
    filed = open_revocation(membership)
    if filed is not None:
        raise RequestAtWork(
            _("%(number)s is revoking this access. It must end before they can be let in again.")
            % {"number": filed.number}
        )
    return reinstate_member(membership, actor=actor, at=at, role=role, custom_role=custom_role)
