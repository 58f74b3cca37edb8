"""Teams and who is in them."""

from datetime import datetime

from django.db import IntegrityError, transaction

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted, Refusal
from tenants.access import Actor, action
from tenants.models import DefaultTeam, ManagedBy, Membership, Team, TeamMember
from tenants.permissions import Permission

LONGEST_NAME = 80


class AlreadyInTeam(Refusal):
    code = "already-in-team"


class PlaceManaged(Refusal):
    code = "place-managed"


@action(Permission.TEAM_MANAGE)
def create_team(
    *,
    actor: Actor,
    at: datetime,
    name: str,
    description: str = "",
    visibility: str = Team.Visibility.PUBLIC,
) -> Team:
    """Make a team. Raises Invalid when the name is taken."""
    team = Team(name=_checked_name(name), description=description.strip(), visibility=visibility)
    team.organization_id, team.created_at = actor.organization_id, at
    _save(team, creating=True)
    record(EventName.TEAM_CREATED, actor=actor, target=team, visibility=visibility)
    return team


@action(Permission.TEAM_MANAGE)
def change_team(team: Team, *, actor: Actor, name: str, description: str, visibility: str) -> Team:
    """Rename, describe, show or hide a team. Raises Invalid."""
    team = Team.objects.locked(team.pk)
    team.name, team.description = _checked_name(name), description.strip()
    team.visibility = visibility
    team.version += 1
    _save(team)
    record(EventName.TEAM_CHANGED, actor=actor, target=team, visibility=visibility)
    return team


@action(Permission.TEAM_MANAGE)
def delete_team(team: Team, *, actor: Actor) -> None:
    """Delete a team; what it opened closes with it."""
    team = Team.objects.locked(team.pk)
    record(EventName.TEAM_DELETED, actor=actor, target=team)
    team.delete()


@action(None)
def add_team_member(
    team: Team, *, actor: Actor, membership: Membership, is_lead: bool = False
) -> TeamMember:
    """Put a member into a team: admins anybody, a member themselves into a public one."""
    _may_place(team, membership, actor)
    if is_lead:
        actor.require(Permission.TEAM_MANAGE)
    try:
        with transaction.atomic():
            place: TeamMember = TeamMember.objects.create(
                team=team, membership=membership, is_lead=is_lead
            )
    except IntegrityError as taken:
        raise AlreadyInTeam(f"{membership} is in {team} already.") from taken
    record(EventName.TEAM_MEMBER_ADDED, actor=actor, target=membership, team=team.name)
    return place


@action(None)
def remove_team_member(team: Team, *, actor: Actor, membership: Membership) -> None:
    """Take a member out of a team; anybody may leave. Raises PlaceManaged."""
    leaving_oneself = actor.membership is not None and actor.membership.pk == membership.pk
    if not leaving_oneself:
        actor.require(Permission.TEAM_MANAGE)
    _refuse_managed(team, membership)
    gone, _ = TeamMember.objects.filter(team=team, membership=membership).delete()
    if gone:
        record(EventName.TEAM_MEMBER_REMOVED, actor=actor, target=membership, team=team.name)


@action(Permission.TEAM_MANAGE)
def join_default_teams(membership: Membership, *, actor: Actor) -> list[TeamMember]:
    """Put somebody who came in by single sign-on or from the directory into the default teams."""
    present = TeamMember.objects.filter(membership=membership).values("team_id")
    joined = []
    for row in DefaultTeam.objects.exclude(team_id__in=present).select_related("team"):
        joined.append(TeamMember.objects.create(team=row.team, membership=membership))
        record(EventName.TEAM_MEMBER_ADDED, actor=actor, target=membership, team=row.team.name)
    return joined


def _refuse_managed(team: Team, membership: Membership) -> None:
    """A place that an identity provider decides would be there again at the next sign-in."""
    places = TeamMember.objects.filter(team=team, membership=membership)
    place = places.exclude(managed_by=ManagedBy.PEOPLE).first()
    if place is not None:
        decided_by = place.get_managed_by_display().lower()
        raise PlaceManaged(
            f"The place of {membership} in {team} is decided by {decided_by}. Change it at the"
            " identity provider, or remove the team mapping first."
        )


def _may_place(team: Team, membership: Membership, actor: Actor) -> None:
    if actor.may(Permission.TEAM_MANAGE):
        return
    oneself = actor.membership is not None and actor.membership.pk == membership.pk
    if not oneself or team.visibility != Team.Visibility.PUBLIC:
        raise NotPermitted("You can join public teams yourself. Ask an admin for others.")


def _checked_name(name: str) -> str:
    text = name.strip()
    if not 1 <= len(text) <= LONGEST_NAME:
        raise Invalid("The team needs a name.", {"name": f"1 to {LONGEST_NAME} characters."})
    return text


def _save(team: Team, *, creating: bool = False) -> None:
    fields = None if creating else ["name", "description", "visibility", "version"]
    try:
        with transaction.atomic():
            team.save(force_insert=creating, update_fields=fields)
    except IntegrityError as taken:
        raise Invalid("This name is taken.", {"name": "Another team has this name."}) from taken
