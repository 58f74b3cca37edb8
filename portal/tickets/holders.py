"""Who or what loses its access by a revocation: a person or a service account, told apart here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from audit.refusals import NotPermitted
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope
from tenants.access import Actor
from tenants.actions.members import contain_member
from tenants.actions.planning import give_up_block, plan_block, restore_member
from tenants.actions.stopping import contain_account, plan_account_block, restore_account
from tenants.models import Membership, ServiceAccount
from tenants.permissions import BuiltInRole, Permission

Holder = Membership | ServiceAccount
SCOPES: Final[Mapping[type[Holder], Scope]] = {
    Membership: Scope.MEMBER,
    ServiceAccount: Scope.SERVICE_ACCOUNT,
}


def holder_of(ticket: Ticket) -> Holder | None:
    """As far as it is there and has something to lose; a whole team has nothing of its own."""
    if ticket.scope == Scope.SERVICE_ACCOUNT:
        accounts = ServiceAccount.objects.filter(pk=ticket.subject_id, deleted_at=None)
        account: ServiceAccount | None = accounts.first()
        return account
    people = Membership.objects.exclude(status=Membership.Status.REVOKED)
    person: Membership | None = people.filter(pk=ticket.subject_id).first()
    return person


def block(holder: Holder, *, actor: Actor, at: datetime) -> datetime:
    """Cut every way in now; tells since when there was none."""
    if isinstance(holder, ServiceAccount):
        account = contain_account(holder, actor=actor, at=at)
        return _earliest(at, account.suspended_at, account.access_ends_at)
    person = Membership.objects.locked(holder.pk)
    if person.status != Membership.Status.SUSPENDED:
        person = contain_member(person, actor=actor, at=at)
    return _earliest(at, person.contained_at, person.access_ends_at)


def _earliest(at: datetime, *ends: datetime | None) -> datetime:
    """The real last instant of access: an end that was set may have come before the filing."""
    return min([at, *(end for end in ends if end is not None)])


def plan_end(holder: Holder, *, actor: Actor, at: datetime, blocked_from: datetime) -> None:
    if isinstance(holder, ServiceAccount):
        plan_account_block(holder, actor=actor, blocked_from=blocked_from)
    else:
        plan_block(holder, actor=actor, at=at, blocked_from=blocked_from)


def give_up(holder: Holder, *, actor: Actor) -> None:
    if isinstance(holder, ServiceAccount):
        plan_account_block(holder, actor=actor, blocked_from=None)
    else:
        give_up_block(holder, actor=actor)


def restore(holder: Holder, *, actor: Actor, at: datetime) -> None:
    if isinstance(holder, ServiceAccount):
        restore_account(holder, actor=actor, at=at)
    elif holder.status == Membership.Status.SUSPENDED:
        restore_member(holder, actor=actor, at=at)


def refuse_own_and_higher(holder: Holder, *, actor: Actor) -> None:
    """Raises NotPermitted for one's own access, and for an owner's by anybody else."""
    if isinstance(holder, ServiceAccount):
        return
    if actor.membership is not None and actor.membership.pk == holder.pk:
        raise NotPermitted(
            _("You cannot decide about your own access. Ask another owner or admin to do it.")
        )
    is_owner = holder.role == BuiltInRole.OWNER
    if is_owner and actor.membership and not actor.may(Permission.ORGANIZATION_MANAGE):
        raise NotPermitted(_("Only an owner can revoke the access of an owner."))
