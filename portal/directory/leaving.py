"""Deactivation: a revocation through the one action for it, unless the brake keeps it back."""

from dataclasses import dataclass

from audit.names import EventName
from audit.recorder import record
from portal.directory.braking import SOURCE, Asked, hold_removal, load_of
from portal.directory.models import DirectoryPlace, DirectoryUser
from portal.directory.rules import ChangeKind, Outcome
from portal.tickets.actions import file_revocation
from portal.tickets.actions.opening import latest_for
from portal.tickets.rules import Kind, Scope
from tenants.access import Actor
from tenants.actions.guards import lock_organization
from tenants.models import Membership

REASONS = {
    ChangeKind.DEACTIVATE: "Deactivated at the identity provider",
    ChangeKind.DELETE: "Deleted at the identity provider",
}


@dataclass(frozen=True)
class Departure:
    """What became of a removal; `number` is the request that was filed."""

    outcome: Outcome
    number: str = ""

    @property
    def is_held(self) -> bool:
        return self.outcome == Outcome.HELD


def leave(user: DirectoryUser, kind: ChangeKind, asked: Asked) -> Departure:
    """Block the person's access now and file the request, or hold it. Raises LastOwner.

    Inside the caller's transaction. The lock on the organization lets parallel removals queue
    up, so that the brake counts right and one owner is left.
    """
    lock_organization()
    member = user.membership
    if member is None or not _has_access(member):
        _mark(user)
        return Departure(Outcome.DONE)
    load = load_of(at=asked.at)
    if load.is_full:
        hold_removal(user, kind, asked, limit=load.limit)
        return Departure(Outcome.HELD)
    return depart(user, kind, asked)


def depart(user: DirectoryUser, kind: ChangeKind, asked: Asked) -> Departure:
    """The removal itself, with no brake in between. Raises LastOwner."""
    if user.membership is None:
        return Departure(Outcome.DONE)
    ticket = file_revocation(
        user.membership,
        actor=asked.actor,
        at=asked.at,
        reason=REASONS[kind],
        source=SOURCE,
    )
    _mark(user)
    return Departure(Outcome.DONE, ticket.number)


def forget(user: DirectoryUser, *, actor: Actor) -> None:
    """The entry goes; its last event keeps under which request the access ended."""
    member = user.membership_id
    filed = latest_for(Kind.REVOCATION, member, Scope.MEMBER) if member else None
    number = filed.number if filed is not None else ""
    record(EventName.DIRECTORY_USER_DELETED, actor=actor, target=user, request=number)
    user.delete()


def _has_access(member: Membership) -> bool:
    return Membership.objects.filter(pk=member.pk, status=Membership.Status.ACTIVE).exists()


def _mark(user: DirectoryUser) -> None:
    """Groups end with the access: a later return must not bring an old role back."""
    user.is_active, user.returning_at = False, None
    DirectoryPlace.objects.filter(user=user).delete()
