"""What each member can do and reach right now, for all of them in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from portal.catalog.models import TeamAccess, TeamResourceAccess
from portal.catalog.rules import Level
from tenants.models import Membership, TeamMember
from tenants.permissions import Permission
from tenants.rights import united

_RANK: Final[Mapping[str, int]] = {Level.VIEW: 1, Level.QUERY: 2}


class RightKind(StrEnum):
    PERMISSION = "permission"
    CATALOGUE = "catalogue"
    INTEGRATION = "integration"
    RESOURCE = "resource"


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One thing somebody may do: a permission by its name, or a level on a thing by its id.

    A resource's right names the integration it lies in: whoever has that one has this too.
    """

    kind: RightKind
    key: str = ""
    level: str = ""
    within: str = ""


Rights = frozenset[Right]
WHOLE_CATALOGUE: Final = Right(RightKind.CATALOGUE, "", Level.VIEW)
NOTHING: Final[Rights] = frozenset()


def beyond(rights: Rights, others: Rights) -> Rights:
    """What `others` do not give in any way: querying includes viewing, the whole its parts."""
    return frozenset(right for right in rights if not _given_by(others, right))


def _given_by(rights: Rights, right: Right) -> bool:
    if right in rights:
        return True
    if right.kind not in {RightKind.INTEGRATION, RightKind.RESOURCE}:
        return False
    levels = [Level.QUERY] if right.level == Level.QUERY else [Level.VIEW, Level.QUERY]
    wider = {Right(right.kind, right.key, level, right.within) for level in levels}
    if right.within:
        wider |= {Right(RightKind.INTEGRATION, right.within, level) for level in levels}
    if right.level == Level.VIEW:
        wider.add(WHOLE_CATALOGUE)
    return not wider.isdisjoint(rights)


_Levels = Mapping[UUID, Mapping[Any, str]]


@dataclass(frozen=True, slots=True)
class Reaches:
    """What each team was given: integrations and single resources, with the level."""

    integrations: _Levels
    resources: _Levels

    @classmethod
    def load(
        cls, *, whole: Mapping[str, Any] | None = None, single: Mapping[str, Any] | None = None
    ) -> "Reaches":
        """All of it, or what the conditions on the two tables leave."""
        given = TeamAccess.objects.filter(**(whole or {}))
        singly = TeamResourceAccess.objects.filter(**(single or {}))
        by_team: dict[UUID, dict[Any, str]] = defaultdict(dict)
        for team, integration, level in given.values_list("team_id", "integration_id", "level"):
            by_team[team][integration] = level
        singles: dict[UUID, dict[Any, str]] = defaultdict(dict)
        rows = singly.values_list("team_id", "resource_id", "integration_id", "level")
        for team, resource, integration, level in rows:
            singles[team][(resource, integration)] = level
        return cls(by_team, singles)

    @property
    def teams(self) -> frozenset[UUID]:
        return frozenset({*self.integrations, *self.resources})

    def of(self, teams: Iterable[UUID]) -> Rights:
        """What all these teams give together; what an integration gives is not said twice."""
        whole: dict[UUID, int] = {}
        single: dict[tuple[UUID, UUID], int] = {}
        for team in teams:
            _raise(whole, self.integrations.get(team, {}))
            _raise(single, self.resources.get(team, {}))
        levels = {rank: level for level, rank in _RANK.items()}
        given = {
            Right(RightKind.INTEGRATION, str(key), levels[rank]) for key, rank in whole.items()
        }
        return frozenset(given) | {
            Right(RightKind.RESOURCE, str(resource), levels[rank], str(integration))
            for (resource, integration), rank in single.items()
            if rank > whole.get(integration, 0)
        }


def _raise(best: dict[Any, int], given: Mapping[Any, str]) -> None:
    for key, level in given.items():
        best[key] = max(best.get(key, 0), _RANK[level])


def rights_of(
    permissions: frozenset[Permission], teams: frozenset[UUID], reaches: Reaches
) -> Rights:
    """Everything an actor with these permissions and teams may do and reach."""
    held = {Right(RightKind.PERMISSION, permission.value) for permission in permissions}
    reached = reaches.of(teams) if Permission.CATALOG_VIEW in permissions else NOTHING
    if Permission.CATALOG_VIEW_ALL in permissions:
        # Seeing is covered by the whole; what a team adds to it is the right to query.
        reached = frozenset(right for right in reached if right.level == Level.QUERY)
        reached |= {WHOLE_CATALOGUE}
    return frozenset(held) | reached


def standings(
    *, at: datetime, members: Iterable[UUID] | None = None, reaches: Reaches | None = None
) -> dict[UUID, Rights]:
    """The rights of every active member at `at`, or of these; who is not active is absent.

    `reaches` spares the reading of everything that teams were given where a part is enough.
    """
    rows = Membership.objects.active(at=at).select_related("custom_role")
    places = TeamMember.objects.select_related("team")
    if members is not None:
        wanted = list(members)
        rows, places = rows.filter(pk__in=wanted), places.filter(membership_id__in=wanted)
    teams: dict[UUID, dict[UUID, list[str]]] = defaultdict(dict)
    for place in places:
        teams[place.membership_id][place.team_id] = place.team.permissions
    reaches = reaches or Reaches.load()
    known: dict[tuple[Any, ...], Rights] = {}
    found = {}
    for row in rows:
        mine = teams[row.pk]
        shape = (row.role, row.custom_role_id, frozenset(mine))
        if shape not in known:
            held = united(row.role_permissions(), mine.values())
            known[shape] = rights_of(held, shape[2], reaches)
        found[row.pk] = known[shape]
    return found
