"""Many invitations at once: all of them or none, with one event for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Refusal
from audit.sealing import PERSON, keys_for
from tenants.access import Actor, action
from tenants.actions.guards import hold_teams, may_hand_out, only_by_owners
from tenants.actions.invitations import (
    INVITATION_LASTS,
    allowed_domains,
    refuse_domain,
    role_said,
)
from tenants.models import Invitation, InvitationTeam, Membership, Role, Team
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole, Permission
from tenants.rights import united


class InvitationsOvertaken(Refusal):
    code = "invitations-overtaken"


@dataclass(frozen=True, slots=True)
class Place:
    """A place to keep for somebody: the address normalized and checked, the role known."""

    email: str
    role: str
    name: str = ""
    custom_role: Role | None = None
    teams: tuple[Team, ...] = ()
    access_ends_at: datetime | None = None

    @property
    def role_said(self) -> str:
        return self.custom_role.name if self.custom_role else str(BuiltInRole(self.role).label)

    def permissions(self) -> frozenset[Permission]:
        """What the role and the teams bring together."""
        role = self.custom_role.held() if self.custom_role else ROLE_PERMISSIONS[self.role]
        return united(role, (team.permissions for team in self.teams))


@action(Permission.MEMBER_INVITE)
def send_invitations(places: Sequence[Place], *, actor: Actor, at: datetime) -> list[Invitation]:
    """Keep all these places; the mails go out one by one.

    Raises InvitationsOvertaken when one of them was invited or came in meanwhile; NotPermitted.
    """
    _refuse_overtaken(places, at=at)
    held_teams = hold_teams(team for place in places for team in place.teams)
    places = [_as_now(place, held_teams) for place in places]
    domains = allowed_domains()
    for held in {place.permissions() for place in places}:
        may_hand_out(held, actor=actor)
        only_by_owners(held, actor=actor)
    for place in places:
        refuse_domain(place.email, domains)
    kept = [_invitation(place, actor, at) for place in places]
    try:
        with transaction.atomic():
            Invitation.objects.bulk_create(kept, batch_size=500)
    except IntegrityError as taken:
        raise _overtaken() from taken
    InvitationTeam.objects.bulk_create(
        [
            InvitationTeam(invitation=invitation, team=team)
            for invitation, place in zip(kept, places, strict=True)
            for team in place.teams
        ],
        batch_size=500,
    )
    _make_keys(kept, actor)
    for invitation in kept:
        record(
            EventName.INVITATION_SENT,
            actor=actor,
            target=invitation,
            role=role_said(invitation),
            version=invitation.version,
            founding=False,
        )
    return kept


def _make_keys(kept: Sequence[Invitation], actor: Actor) -> None:
    """The keys that the events seal names under, in few statements instead of three for each."""
    subjects = [str(invitation.pk) for invitation in kept]
    for start in range(0, len(subjects), 500):
        keys_for(actor.organization_id, PERSON, subjects[start : start + 500], revive=False)


def _invitation(place: Place, actor: Actor, at: datetime) -> Invitation:
    return Invitation(
        organization_id=actor.organization_id,
        email=place.email,
        name=place.name,
        role=place.role,
        custom_role=place.custom_role,
        access_ends_at=place.access_ends_at,
        invited_by=actor.membership,
        created_at=at,
        expires_at=at + INVITATION_LASTS,
    )


def _as_now(place: Place, teams: Mapping[UUID, Team]) -> Place:
    """The place with its teams as they are now: they may bring more than when it was checked."""
    return replace(place, teams=tuple(teams[team.pk] for team in place.teams))


def _refuse_overtaken(places: Sequence[Place], *, at: datetime) -> None:
    """Expired invitations make room; open ones and members stop the whole."""
    wanted = {place.email for place in places}
    unused = Invitation.objects.filter(accepted_at__isnull=True, cancelled_at__isnull=True)
    expired = [
        pk
        for pk, email in unused.filter(expires_at__lte=at).values_list("pk", "email")
        if email in wanted
    ]
    for start in range(0, len(expired), 500):
        Invitation.objects.filter(pk__in=expired[start : start + 500]).update(cancelled_at=at)
    members = Membership.objects.exclude(status=Membership.Status.REVOKED)
    taken = {
        *unused.filter(expires_at__gt=at).values_list("email", flat=True),
        *members.values_list("email", flat=True),
    }
    if wanted & taken:
        raise _overtaken()


def _overtaken() -> InvitationsOvertaken:
    return InvitationsOvertaken(
        "Somebody on the list was invited or came in meanwhile. Check the list again."
    )
