"""A membership's life: admitted, contained, revoked, reinstated."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.models import User, normalized
from audit.names import EventName
from audit.recorder import record
from audit.refusals import NotPermitted, Refusal
from tenants.access import Actor, ActorKind, action
from tenants.actions.entries import end_entries_of
from tenants.actions.guards import (
    given_role,
    keep_an_owner,
    lock_organization,
    may_give,
)
from tenants.actions.tokens import revoke_tokens_of
from tenants.losses import ownership_ended
from tenants.models import Invitation, ManagedBy, Membership, Role, TeamMember
from tenants.permissions import BuiltInRole, Permission
from tenants.rights import united

_ENDED = ["status", "contained_at", "blocked_from", "version"]
_GIVEN_BACK = [
    "status", "contained_at", "access_ends_at", "role", "custom_role", "role_managed_by", "version",
]  # fmt: skip


class AlreadyMember(Refusal):
    code = "already-member"


class MemberNotActive(Refusal):
    code = "member-not-active"


class MemberNotContained(Refusal):
    code = "member-not-contained"


@action(Permission.MEMBER_MANAGE)
def admit_member(
    *,
    actor: Actor,
    at: datetime,
    user: User,
    name: str,
    email: str,
    role: str,
    source: str,
    custom_role: Role | None = None,
) -> Membership:
    """Make `user` a member. Raises AlreadyMember, Invalid.

    Somebody whose access was revoked comes back as a new member, with nothing old.
    """
    given = given_role(role, custom_role, organization=actor.organization)
    may_give(given, actor=actor)
    Membership.objects.filter(user=user, status=Membership.Status.REVOKED).update(user=None)
    try:
        with transaction.atomic():
            membership: Membership = Membership.objects.create(
                user=user,
                name=name or email,
                email=normalized(email),
                role=given.role,
                custom_role=given.custom,
                source=source,
                joined_at=at,
            )
    except IntegrityError as taken:
        raise AlreadyMember("This person is already a member of this workspace.") from taken
    record(
        EventName.MEMBER_ADMITTED, actor=actor, target=membership, role=given.name, source=source
    )
    return membership


@action(Permission.REVOCATION_FILE)
def contain_member(
    membership: Membership, *, actor: Actor, at: datetime, reason: str = ""
) -> Membership:
    """Cut every way in at once: sessions, tokens and sign-in are refused from `at` on.

    Raises LastOwner, MemberNotActive.
    """
    lock_organization()
    membership = Membership.objects.locked(membership.pk)
    if membership.status != Membership.Status.ACTIVE:
        raise MemberNotActive(f"Access of {membership} is blocked already.")
    if membership.role == BuiltInRole.OWNER and actor.kind is not ActorKind.SYSTEM:
        actor.require(Permission.ORGANIZATION_MANAGE)
    keep_an_owner(membership, at=at)
    membership.contain(at=at)
    membership.version += 1
    membership.save(update_fields=_ENDED)
    ended = end_entries_of(membership, at=at, because="access blocked")
    if membership.role == BuiltInRole.OWNER:
        ownership_ended(membership, actor, at)
    # To the person and by the person: an invitation to a friend must not be a way back in.
    theirs = Q(email=membership.email) | Q(invited_by=membership)
    invited = Invitation.objects.open(at=at).filter(theirs).update(cancelled_at=at)
    record(
        EventName.MEMBER_CONTAINED,
        actor=actor,
        target=membership,
        private={"reason": reason.strip()},
        sessions_ended=ended,
        invitations_cancelled=invited,
    )
    return membership


@action(Permission.REVOCATION_FILE)
def revoke_member(membership: Membership, *, actor: Actor, at: datetime) -> Membership:
    """Make the end of access final. Raises MemberNotContained."""
    membership = Membership.objects.locked(membership.pk)
    if membership.status == Membership.Status.REVOKED:
        return membership
    if membership.status != Membership.Status.SUSPENDED:
        raise MemberNotContained(f"Block the access of {membership} first.")
    membership.revoke(at=at)
    membership.version += 1
    membership.save(update_fields=[*_ENDED, "revoked_at"])
    record(EventName.MEMBER_REVOKED, actor=actor, target=membership)
    return membership


@action(Permission.REVOCATION_FILE)
def reinstate_member(
    membership: Membership,
    *,
    actor: Actor,
    at: datetime,
    role: str = BuiltInRole.VIEWER,
    custom_role: Role | None = None,
) -> Membership:
    """Give a contained person access back, with the least role and no old session or token.

    Every token they own ends, those of their service accounts too. Raises NotPermitted, for teams
    that allow more than the actor may do as well, Invalid, MemberNotContained once the end was
    made final.
    """
    membership = Membership.objects.locked(membership.pk)
    if membership.status != Membership.Status.SUSPENDED:
        raise MemberNotContained(f"{membership} cannot be reinstated. Send an invitation instead.")
    given = given_role(role, custom_role, organization=actor.organization)
    may_give(given, actor=actor)
    _may_return_to_teams(membership, actor=actor)
    membership.reinstate()
    membership.role, membership.custom_role = given.role, given.custom
    membership.role_managed_by = ManagedBy.PEOPLE
    membership.version += 1
    membership.save(update_fields=_GIVEN_BACK)
    ended = revoke_tokens_of(membership, at=at)
    record(
        EventName.MEMBER_REINSTATED,
        actor=actor,
        target=membership,
        role=given.name,
        tokens_ended=ended,
    )
    return membership


def _may_return_to_teams(membership: Membership, *, actor: Actor) -> None:
    """Coming back brings what one's teams allow, and nobody gives by it what they lack."""
    if actor.kind is ActorKind.SYSTEM:
        return
    places = TeamMember.objects.filter(membership=membership).select_related("team")
    brought = united(frozenset(), (place.team.permissions for place in places))
    if not brought <= actor.permissions:
        raise NotPermitted(
            f"A team of {membership} allows more than you may do. Ask somebody who may do it to"
            " let them in, or to take them out of the team first."
        )
