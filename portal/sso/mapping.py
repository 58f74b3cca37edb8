"""From claims to a role and to teams: one pure answer, for sign-in, directory and preview alike.

Values are compared exactly, with their capitals, as the identity provider tells groups apart by
them; only GUIDs are spelled in one way. A claim that did not come decides nothing.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from tenants.permissions import BuiltInRole, Permission

# More groups than this say nothing that could be relied on: a list that long was cut somewhere.
MAX_VALUES = 1000
MAX_VALUE = 300
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# Claims that name groups of people, never a person: kept from a sign-in before anybody maps them.
_GROUP_WORDS = ("group", "role", "department", "team", "memberof")
# How Entra says that somebody has more groups than it sends.
_OVERAGE = ("_claim_names", "groups.link")

# A claim's values; None stands for more of them than are looked at.
Values = tuple[str, ...] | None
Claims = Mapping[str, Values]


class Arrival(StrEnum):
    """How a claim came; only what came, and be it empty, decides anything."""

    MISSING = "missing"
    TOO_MANY = "too_many"
    EMPTY = "empty"
    CAME = "came"


@dataclass(frozen=True, slots=True)
class RoleMapping:
    """Which value of a claim stands for which role. Of several, the one that may do most counts.

    Authoritative: the role is what the claim maps to, or the default role. Additive: it is
    raised to a role that may do all that the present one may, and never lowered.
    """

    claim: str
    is_authoritative: bool
    roles: Mapping[str, str] = field(default_factory=dict)
    # What each of the roles allows, by name.
    held: Mapping[str, frozenset[Permission]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TeamMapping:
    """Which value of a claim stands for which teams.

    Authoritative: exactly these, among the places that the same source decides. Additive: joins.
    """

    claim: str
    is_authoritative: bool
    teams: Mapping[str, frozenset[UUID]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mappings:
    role: RoleMapping | None = None
    teams: TeamMapping | None = None

    @property
    def claims(self) -> frozenset[str]:
        return frozenset(one.claim for one in (self.role, self.teams) if one is not None)


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody has before the claims are looked at."""

    role: str
    permissions: frozenset[Permission]
    team_ids: frozenset[UUID] = frozenset()
    # Those of `team_ids` that the same source put them into.
    managed_team_ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the claims bring about; nothing is said of what stays."""

    role: str | None = None
    decides_role: bool = False
    decides_teams: bool = False
    joins: frozenset[UUID] = frozenset()
    leaves: frozenset[UUID] = frozenset()

    @property
    def changes(self) -> bool:
        return self.role is not None or bool(self.joins or self.leaves)


def decide(mappings: Mappings, standing: Standing, claims: Claims, *, default_role: str) -> Outcome:
    """The same claims and the same standing always come to the same."""
    role, decides_role = None, False
    if mappings.role is not None and standing.role != BuiltInRole.OWNER:
        role, decides_role = _role(mappings.role, standing, claims, default_role=default_role)
    joins, leaves, decides_teams = _teams(mappings.teams, standing, claims)
    return Outcome(
        role=role,
        decides_role=decides_role,
        decides_teams=decides_teams,
        joins=joins,
        leaves=leaves,
    )


def _role(
    mapping: RoleMapping, standing: Standing, claims: Claims, *, default_role: str
) -> tuple[str | None, bool]:
    values = claims.get(mapping.claim)
    if values is None:
        return None, False
    meant = {mapping.roles[value] for value in values if value in mapping.roles}
    mapped = widest({name: mapping.held[name] for name in meant if name in mapping.held})
    if mapping.is_authoritative:
        wanted = mapped or default_role
        return (None if wanted == standing.role else wanted), True
    raises = mapped is not None and mapping.held[mapped] > standing.permissions
    return (mapped if raises else None), False


def _teams(
    mapping: TeamMapping | None, standing: Standing, claims: Claims
) -> tuple[frozenset[UUID], frozenset[UUID], bool]:
    values = claims.get(mapping.claim) if mapping is not None else None
    if mapping is None or values is None:
        return frozenset(), frozenset(), False
    wanted = frozenset[UUID]().union(*(mapping.teams.get(value, frozenset()) for value in values))
    leaves = standing.managed_team_ids - wanted if mapping.is_authoritative else frozenset()
    return wanted - standing.team_ids, leaves, mapping.is_authoritative


def widest(roles: Mapping[str, frozenset[Permission]]) -> str | None:
    """Of several roles the one that may do most, whatever order they came in."""
    return max(roles, key=lambda name: (len(roles[name]), name), default=None)


def claim_name(text: str) -> str:
    """A claim is asked for by its lower-case name, as both engines hand it on."""
    return text.strip().lower()


def plain_value(text: str) -> str:
    """The one spelling of a value."""
    value = unicodedata.normalize("NFC", text).strip()
    return value.lower() if _GUID.fullmatch(value) else value


def kept(claims: Mapping[str, Collection[str]], mapped: Collection[str]) -> dict[str, Values]:
    """Of all that came: what is mapped, and what names groups; nothing about the person."""
    return {
        name: _values(values)
        for name, values in claims.items()
        if name in mapped or any(word in name for word in _GROUP_WORDS)
    }


def _values(values: Collection[str]) -> Values:
    found = sorted({plain_value(value) for value in values} - {""})
    if len(found) > MAX_VALUES or any(len(value) > MAX_VALUE for value in found):
        return None
    return tuple(found)


def arrival(claims: Claims, claim: str) -> Arrival:
    if claim not in claims:
        return Arrival.MISSING
    values = claims[claim]
    if values is None:
        return Arrival.TOO_MANY
    return Arrival.CAME if values else Arrival.EMPTY


def was_cut_short(claims: Collection[str]) -> bool:
    """Whether the provider says that it left groups out because there are too many."""
    return any(name == mark or name.endswith(mark) for name in claims for mark in _OVERAGE)


def unmapped(claims: Claims, mappings: Mappings) -> frozenset[str]:
    """Values of the mapped claims that no rule knows."""
    found: set[str] = set()
    for claim in mappings.claims:
        found |= set(claims.get(claim) or ()) - _known(mappings, claim)
    return frozenset(found)


def _known(mappings: Mappings, claim: str) -> set[str]:
    known: set[str] = set()
    if mappings.role is not None and mappings.role.claim == claim:
        known |= set(mappings.role.roles)
    if mappings.teams is not None and mappings.teams.claim == claim:
        known |= set(mappings.teams.teams)
    return known
