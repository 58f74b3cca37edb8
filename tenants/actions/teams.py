"""Teams and who is in them."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotFound, NotPermitted, Refusal, StaleVersion
from tenants.access import Actor, action
from tenants.actions.guards import hold_teams, hold_those_left, may_hand_out
from tenants.actions.members import MemberNotActive
from tenants.models import DefaultTeam, ManagedBy, Membership, Team, TeamMember
from tenants.permissions import Permission, team_permissions
from tenants.rights import known

LONGEST_NAME = 80
LONGEST_DESCRIPTION = 300


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
    team = Team(name=_checked_name(name), visibility=visibility)
    team.description = _checked_description(description)
    team.organization_id, team.created_at = actor.organization_id, at
    _save(team, creating=True)
    record(EventName.TEAM_CREATED, actor=actor, target=team, visibility=visibility)
    return team


@action(Permission.TEAM_MANAGE)
def change_team(team: Team, *, actor: Actor, name: str, description: str, visibility: str) -> Team:
    """Rename, describe, show or hide a team. Raises Invalid."""
    team = _held(team)
    team.name, team.description = _checked_name(name), _checked_description(description)
    team.visibility = visibility
    team.version += 1
    _save(team)
    record(EventName.TEAM_CHANGED, actor=actor, target=team, visibility=visibility)
    return team


@action(None)
def describe_team(team: Team, *, actor: Actor, description: str) -> Team:
    """Say what the team is for: its leads may, and whoever manages teams. Raises Invalid."""
    team = _held(team)
    _require_lead(team, actor)
    team.description = _checked_description(description)
    team.version += 1
    _save(team)
    record(EventName.TEAM_CHANGED, actor=actor, target=team, visibility=team.visibility)
    return team


@action(Permission.TEAM_MANAGE, step_up=True)
def set_team_permissions(
    team: Team, *, actor: Actor, version: int, permissions: Iterable[str]
) -> Team:
    """Decide what being in the team allows, from the next page of its members on.

    Raises Invalid, NotPermitted, StaleVersion.
    """
    actor.require(Permission.ROLE_MANAGE)
    team = _held(team)
    if team.version != version:
        raise StaleVersion("This team changed meanwhile. Look again, then decide.")
    before, after = known(team.permissions), _checked_permissions(permissions, actor)
    may_hand_out(before | after, actor=actor)
    if before == after:
        return team
    team.permissions = sorted(after)
    team.version += 1
    team.save(update_fields=["permissions", "version"])
    record(
        EventName.TEAM_PERMISSIONS_CHANGED,
        actor=actor,
        target=team,
        added=", ".join(sorted(after - before)),
        removed=", ".join(sorted(before - after)),
    )
    return team


@action(Permission.TEAM_MANAGE)
def delete_team(team: Team, *, actor: Actor) -> None:
    """Delete a team; what it opened closes with it. Raises NotPermitted."""
    team = _held(team)
    may_hand_out(known(team.permissions), actor=actor)
    record(EventName.TEAM_DELETED, actor=actor, target=team)
    team.delete()


@action(None)
def add_team_member(
    team: Team, *, actor: Actor, membership: Membership, is_lead: bool = False
) -> TeamMember:
    """Put a member into a team: admins and its leads anybody, a member themselves if it is public.

    Raises NotPermitted, MemberNotActive, AlreadyInTeam.
    """
    team = _held(team)
    _may_place(team, membership, actor)
    if is_lead:
        actor.require(Permission.TEAM_MANAGE)
    if not Membership.objects.filter(pk=membership.pk, status=Membership.Status.ACTIVE).exists():
        raise MemberNotActive(f"Access of {membership} is blocked. Reinstate them first.")
    try:
        with transaction.atomic():
            place: TeamMember = TeamMember.objects.create(
                team=team, membership=membership, is_lead=is_lead
            )
    except IntegrityError as taken:
        raise AlreadyInTeam(f"{membership} is in {team} already.") from taken
    record(EventName.TEAM_MEMBER_ADDED, actor=actor, target=membership, team=team.name)
    return place


@action(Permission.TEAM_MANAGE)
def set_team_lead(team: Team, *, actor: Actor, membership: Membership, is_lead: bool) -> TeamMember:
    """Let somebody in the team lead it, or no longer. Raises NotFound."""
    team = _held(team)
    place: TeamMember | None = TeamMember.objects.filter(team=team, membership=membership).first()
    if place is None:
        raise NotFound(f"{membership} is not in {team}.")
    if place.is_lead == is_lead:
        return place
    place.is_lead = is_lead
    TeamMember.objects.filter(pk=place.pk).update(is_lead=is_lead)
    record(
        EventName.TEAM_LEAD_CHANGED,
        actor=actor,
        target=membership,
        team=team.name,
        changed="leads it now" if is_lead else "leads it no longer",
    )
    return place


@action(None)
def remove_team_member(team: Team, *, actor: Actor, membership: Membership) -> None:
    """Take a member out of a team; anybody may leave. Raises NotPermitted, PlaceManaged."""
    team = _held(team)
    _may_take_out(team, membership, actor)
    _refuse_managed(team, membership)
    gone, _ = TeamMember.objects.filter(team=team, membership=membership).delete()
    if gone:
        record(EventName.TEAM_MEMBER_REMOVED, actor=actor, target=membership, team=team.name)


@action(Permission.TEAM_MANAGE)
def join_default_teams(membership: Membership, *, actor: Actor) -> list[TeamMember]:
    """Put somebody who came in by single sign-on or from the directory into the default teams."""
    present = TeamMember.objects.filter(membership=membership).values("team_id")
    joined = []
    wanted = DefaultTeam.objects.exclude(team_id__in=present).values_list("team_id", flat=True)
    for team in hold_those_left(wanted):
        joined.append(TeamMember.objects.create(team=team, membership=membership))
        record(EventName.TEAM_MEMBER_ADDED, actor=actor, target=membership, team=team.name)
    return joined


def leads(actor: Actor, team: Team) -> bool:
    """Whether the actor's person leads the team."""
    places = TeamMember.objects.filter(team=team, membership=actor.membership, is_lead=True)
    return actor.membership is not None and places.exists()


def _held(team: Team) -> Team:
    return hold_teams([team])[team.pk]


def _require_lead(team: Team, actor: Actor) -> None:
    if not actor.may(Permission.TEAM_MANAGE) and not leads(actor, team):
        raise NotPermitted("Only the leads of this team and admins may do this.")


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
    """Whoever brings somebody in, themselves included, gives no more than they hold.

    What a team opens is the catalogue: who may not see that, an auditor, has nothing to join for.
    """
    oneself = _is_own(membership, actor)
    is_free = oneself and is_open_to(actor, team)
    if not is_free and not actor.may(Permission.TEAM_MANAGE) and not leads(actor, team):
        raise NotPermitted("You can join public teams yourself. Ask an admin for others.")
    beyond = known(team.permissions) - actor.permissions
    if beyond and oneself:
        raise NotPermitted(
            "Being in this team allows more than you may do now. Somebody who may do it adds you."
        )
    may_hand_out(known(team.permissions), actor=actor)


def _may_take_out(team: Team, membership: Membership, actor: Actor) -> None:
    """Leads take out ordinary members; nobody takes from others what they could not give."""
    if _is_own(membership, actor):
        return
    _require_lead(team, actor)
    may_hand_out(known(team.permissions), actor=actor)
    is_lead = TeamMember.objects.filter(team=team, membership=membership, is_lead=True).exists()
    if is_lead and not actor.may(Permission.TEAM_MANAGE):
        raise NotPermitted(f"{membership} leads the team too. An admin decides about leads.")


def is_open_to(actor: Actor, team: Team) -> bool:
    """Whether somebody may come in by themselves, as far as the team is concerned."""
    return team.visibility == Team.Visibility.PUBLIC and actor.may(Permission.CATALOG_VIEW)


def _is_own(membership: Membership, actor: Actor) -> bool:
    return actor.membership is not None and actor.membership.pk == membership.pk


def _checked_permissions(names: Iterable[str], actor: Actor) -> frozenset[Permission]:
    """What only owners may do comes with a role an owner gives, never with a team."""
    wanted = set(names)
    offered = team_permissions(is_vendor=actor.organization.is_vendor)
    chosen = known(wanted) & offered
    strange = sorted(wanted - {str(permission) for permission in chosen})
    if strange:
        said = ", ".join(name[:60] for name in strange[:5])
        raise Invalid("Some of this does not hold.", {"permissions": f"Not for a team: {said}."})
    return chosen


def _checked_description(text: str) -> str:
    said = text.strip()
    if len(said) > LONGEST_DESCRIPTION:
        limit = f"At most {LONGEST_DESCRIPTION} characters."
        raise Invalid("The description is too long.", {"description": limit})
    return said


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
