"""A place kept for somebody who is not a member yet."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.models import User, normalized
from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, Refusal
from tenants.access import Actor, action, system_actor
from tenants.actions.ends import checked_end
from tenants.actions.guards import (
    given_role,
    hold_teams,
    hold_those_left,
    may_give,
    may_hand_out,
)
from tenants.actions.members import admit_member
from tenants.models import Invitation, InvitationTeam, Membership, Policy, Role, Team, TeamMember
from tenants.permissions import Permission
from tenants.rights import united

INVITATION_LASTS = timedelta(days=7)


class InvitationNotOpen(Refusal):
    code = "invitation-not-open"


@action(Permission.MEMBER_INVITE)
def send_invitation(
    *,
    actor: Actor,
    at: datetime,
    email: str,
    role: str = "",
    custom_role: Role | None = None,
    name: str = "",
    teams: Iterable[Team] = (),
    access_ends_at: datetime | None = None,
) -> Invitation:
    """Keep a place for `email` for 7 days; the link goes out by mail. Raises Invalid."""
    refuse_domain(normalized(email), allowed_domains())
    return keep_place(
        actor=actor,
        at=at,
        email=email,
        name=name,
        role=role,
        custom_role=custom_role,
        teams=teams,
        access_ends_at=checked_end(access_ends_at, at=at),
    )


def keep_place(
    *,
    actor: Actor,
    at: datetime,
    email: str,
    role: str = "",
    custom_role: Role | None = None,
    name: str = "",
    teams: Iterable[Team] = (),
    access_ends_at: datetime | None = None,
    is_founding: bool = False,
) -> Invitation:
    """The invitation itself, for the action above and for a new organization's first owner."""
    address = _checked_address(email)
    given = given_role(role, custom_role, organization=actor.organization)
    may_give(given, actor=actor)
    places = list(hold_teams(teams).values())
    # A team brings permissions with it, and a guest must not get more than the host holds.
    may_hand_out(united(frozenset(), (team.permissions for team in places)), actor=actor)
    _refuse_member(address)
    _refuse_second(address, at=at)
    invitation: Invitation = Invitation.objects.create(
        email=address,
        name=name.strip(),
        role=given.role,
        custom_role=given.custom,
        invited_by=actor.membership,
        access_ends_at=access_ends_at,
        is_founding=is_founding,
        created_at=at,
        expires_at=at + INVITATION_LASTS,
    )
    InvitationTeam.objects.bulk_create(
        InvitationTeam(invitation=invitation, team=team) for team in places
    )
    _record_sent(invitation, actor)
    return invitation


@action(None)
def accept_invitation(
    invitation: Invitation, *, actor: Actor, at: datetime, user: User, version: int
) -> Membership:
    """Make `user` the member that the invitation kept a place for.

    The actor is the stranger at the door. Raises InvitationNotOpen, also when the signed-in
    address is another than the invited one.
    """
    invitation = Invitation.objects.locked(invitation.pk)
    if invitation.version != version or not invitation.is_open(at=at):
        raise InvitationNotOpen("This link is no longer valid. Ask for a new invitation.")
    if normalized(user.email) != invitation.email:
        raise InvitationNotOpen(
            f"This invitation is for {invitation.email}. Sign out, then open the link again."
        )
    ends_at = invitation.access_ends_at
    if ends_at is not None and ends_at <= at:
        raise InvitationNotOpen("The access you were invited to has ended. Ask for a new one.")
    source = Membership.Source.FOUNDER if invitation.is_founding else Membership.Source.INVITATION
    membership = admit_member(
        actor=system_actor(actor.organization),
        at=at,
        user=user,
        name=user.name or invitation.name,
        email=invitation.email,
        role=invitation.role,
        custom_role=invitation.custom_role,
        source=source,
    )
    if ends_at is not None:
        membership.access_ends_at = ends_at
        membership.save(update_fields=["access_ends_at"])
    _join_teams(membership, invitation, actor=system_actor(actor.organization))
    invitation.accepted_at = at
    invitation.save(update_fields=["accepted_at"])
    record(
        EventName.INVITATION_ACCEPTED, actor=actor, target=membership, role=role_said(invitation)
    )
    return membership


def allowed_domains() -> frozenset[str]:
    """Where the policy lets invitations go; empty allows every domain."""
    return frozenset(name.lower() for name in Policy.objects.get().invitation_domains)


def refuse_domain(address: str, allowed: frozenset[str]) -> None:
    """Raises Invalid for an address outside the domains that the policy names."""
    if allowed and address.rpartition("@")[2] not in allowed:
        names = ", ".join(sorted(allowed))
        raise Invalid(
            "Your policy lets invitations go to some domains only.",
            {"email": f"Only addresses at {names} may be invited."},
        )


def _join_teams(membership: Membership, invitation: Invitation, *, actor: Actor) -> None:
    """Each place with its event: the log tells when and how somebody came into a team."""
    kept = InvitationTeam.objects.filter(invitation=invitation).values_list("team_id", flat=True)
    for team in hold_those_left(kept):
        TeamMember.objects.create(team=team, membership=membership)
        record(EventName.TEAM_MEMBER_ADDED, actor=actor, target=membership, team=team.name)


def role_said(invitation: Invitation) -> str:
    """As the log says it."""
    return invitation.custom_role.name if invitation.custom_role else invitation.role


def _record_sent(invitation: Invitation, actor: Actor) -> None:
    record(
        EventName.INVITATION_SENT,
        actor=actor,
        target=invitation,
        role=role_said(invitation),
        version=invitation.version,
        founding=invitation.is_founding,
    )


def _refuse_second(address: str, *, at: datetime) -> None:
    unused = Invitation.objects.filter(
        email=address, accepted_at__isnull=True, cancelled_at__isnull=True
    )
    # An expired one would hold the place in the unique constraint.
    unused.filter(expires_at__lte=at).update(cancelled_at=at)
    if unused.filter(expires_at__gt=at).exists():
        raise Invalid(
            "This address already has an open invitation. Send that one again instead.",
            {"email": "Already invited."},
        )


def _checked_address(email: str) -> str:
    address = normalized(email)
    try:
        validate_email(address)
    except ValidationError as wrong:
        raise Invalid(
            "Some fields need another look.",
            {"email": "Enter a full e-mail address, like name@example.com."},
        ) from wrong
    return address


def _refuse_member(address: str) -> None:
    standing = Membership.objects.filter(email=address).exclude(status=Membership.Status.REVOKED)
    if standing.exists():
        raise Invalid(
            "This person is already a member.", {"email": "Already a member of this workspace."}
        )
