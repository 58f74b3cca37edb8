"""Who can see a thing and through which path; what somebody can do and why."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from portal.access.showing import Names
from portal.access.standing import (
    Reaches,
    Right,
    RightKind,
    Rights,
    beyond,
    rights_of,
    standings,
)
from portal.catalog.models import Integration, Resource
from portal.catalog.rules import Level
from tenants.access import Actor
from tenants.models import Membership, Team, TeamMember
from tenants.models.membership import MembershipQuerySet
from tenants.permissions import Permission
from tenants.rights import known, united

Thing = Integration | Resource


@dataclass(frozen=True, slots=True)
class Path:
    """Through what somebody has a right: their role, or a team by name."""

    text: str
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Seer:
    """Somebody who can see the thing."""

    member: Membership
    level: Level
    paths: list[Path]


@dataclass(frozen=True, slots=True)
class Held:
    """One right of a person, in words, with every path to it."""

    right: Right
    text: str
    paths: list[Path]


def who_can_see(thing: Thing, *, actor: Actor, at: datetime) -> MembershipQuerySet:
    """Those who can see the thing at `at`, by the code that decides it, as far as one sees them."""
    held = standings(at=at, reaches=reaches_to(thing))
    found = [pk for pk, rights in held.items() if level_in(rights, thing)]
    rows: MembershipQuerySet = Membership.objects.visible_to(actor).filter(pk__in=found)
    return rows.select_related("custom_role")


def level_in(rights: Rights, thing: Thing) -> Level | None:
    """What these rights allow with the thing; None for nothing.

    An integration shows itself to those, too, who see one resource of it only: that is not
    meant here, but who sees all that is in it.
    """
    source = str(_source(thing))
    if isinstance(thing, Resource):
        kind, key, within = RightKind.RESOURCE, str(thing.pk), source
    else:
        kind, key, within = RightKind.INTEGRATION, source, ""
    for level in (Level.QUERY, Level.VIEW):
        if not beyond(frozenset({Right(kind, key, level, within)}), rights):
            return level
    return None


def seers(members: Iterable[Membership], thing: Thing, *, actor: Actor, at: datetime) -> list[Seer]:
    """These people with level and paths, in a fixed number of queries."""
    rows = list(members)
    ids = [row.pk for row in rows]
    reaches, places = reaches_to(thing), _places(ids)
    rights = standings(at=at, members=ids, reaches=reaches)
    called = TeamNames(actor)
    found = []
    for row in rows:
        level = level_in(rights.get(row.pk, frozenset()), thing)
        if level is not None:
            paths = _paths_to(row, places[row.pk], given=reaches.teams, called=called)
            found.append(Seer(row, level, paths))
    return found


def what_can(member: Membership, *, actor: Actor, at: datetime) -> list[Held]:
    """Every right of the person, permissions first, with the paths to each."""
    if not member.is_active(at=at):
        return []
    teams = _places([member.pk])[member.pk]
    called, mine = TeamNames(actor), {"team__in": [team.pk for team in teams]}
    reaches = Reaches.load(whole=mine, single=mine)
    role = member.role_permissions()
    held = united(role, (team.permissions for team in teams))
    rights = rights_of(held, frozenset(team.pk for team in teams), reaches)
    names = Names.load(rights, actor)
    by_team = {team.pk: (known(team.permissions), reaches.of([team.pk])) for team in teams}
    found = []
    for right in sorted(rights):
        paths = [path_of_role(member.role_label)] if _is_of_role(right, role) else []
        paths += [called(team) for team in teams if _is_of_team(right, *by_team[team.pk])]
        found.append(Held(right, _said(right, names), paths))
    return found


def _said(right: Right, names: Names) -> str:
    shown = names.of(right)
    if shown is None:
        return _("Something that you cannot see")
    return f"{shown.words}: {shown.name}" if shown.name else shown.words


def _is_of_role(right: Right, role: frozenset[Permission]) -> bool:
    if right.kind is RightKind.PERMISSION:
        return Permission(right.key) in role
    return right.kind is RightKind.CATALOGUE and Permission.CATALOG_VIEW_ALL in role


def _is_of_team(right: Right, permissions: frozenset[Permission], reached: Rights) -> bool:
    if right.kind is RightKind.PERMISSION:
        return Permission(right.key) in permissions
    if right.kind is RightKind.CATALOGUE:
        return Permission.CATALOG_VIEW_ALL in permissions
    return any((given.kind, given.key) == (right.kind, right.key) for given in reached)


def _paths_to(
    member: Membership, teams: list[Team], *, given: Collection[UUID], called: "TeamNames"
) -> list[Path]:
    paths = []
    if Permission.CATALOG_VIEW_ALL in member.role_permissions():
        paths.append(path_of_role(member.role_label))
    whole = Permission.CATALOG_VIEW_ALL.value
    return paths + [called(t) for t in teams if t.pk in given or whole in t.permissions]


def path_of_role(label: str) -> Path:
    return Path(_("the role “%s”") % label)


def _source(thing: Thing) -> Any:
    return thing.integration_id if isinstance(thing, Resource) else thing.pk


def reaches_to(thing: Thing) -> Reaches:
    """What teams were given of this thing alone: nothing else bears on who sees it."""
    single = {"resource": thing.pk} if isinstance(thing, Resource) else {"integration": thing.pk}
    return Reaches.load(whole={"integration": _source(thing)}, single=single)


def _places(members: Iterable[UUID]) -> dict[UUID, list[Team]]:
    found: dict[UUID, list[Team]] = defaultdict(list)
    rows = TeamMember.objects.filter(membership_id__in=list(members)).select_related("team")
    for place in rows.order_by("team__name"):
        found[place.membership_id].append(place.team)
    return found


class TeamNames:
    """Calls a team by its name, or “a private team” for those who must not know it."""

    def __init__(self, actor: Actor) -> None:
        self._seen = set(Team.objects.visible_to(actor).values_list("pk", flat=True))

    def __call__(self, team: Team) -> Path:
        if team.pk in self._seen:
            return Path(_("the team “%(team)s”") % {"team": team}, team.pk)
        return Path(_("a private team"))
