"""What a mapping would do to each known person at their next sign-in, before it is saved."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from portal.sso.actions.mapping import MappingFacts
from portal.sso.applying import by_value, mappings_of, role_mapping, standing_of
from portal.sso.mapping import (
    Arrival,
    Claims,
    Mappings,
    Standing,
    TeamMapping,
    arrival,
    claim_name,
    decide,
    plain_value,
    unmapped,
)
from portal.sso.models import ClaimMapping, Connection, SeenClaims
from tenants.access import Actor
from tenants.models import ManagedBy, Membership, Policy, Team, TeamMember
from tenants.naming import role_labels
from tenants.permissions import ROLE_PERMISSIONS

# Listed one by one; the figures beside the list count everybody.
SHOWN = 100
VALUES_SHOWN = 50


@dataclass(frozen=True)
class Effect:
    """What changes for one person."""

    member: Membership
    before: str
    after: str = ""
    joins: tuple[str, ...] = ()
    leaves: tuple[str, ...] = ()


@dataclass(frozen=True)
class Preview:
    effects: tuple[Effect, ...]
    unchanged: int
    # The claim did not come at their last sign-in: it would decide nothing for them.
    without_claim: int
    # Active members whom this connection has not signed in yet.
    unseen: int

    @property
    def shown(self) -> tuple[Effect, ...]:
        return self.effects[:SHOWN]

    @property
    def more(self) -> int:
        return max(0, len(self.effects) - SHOWN)


@dataclass(frozen=True)
class Trial:
    """What claims as pasted would give somebody new."""

    role: str
    teams: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class SeenValue:
    """A value that no rule knows, and how many people last came with it."""

    claim: str
    value: str
    people: int


def candidate(connection: Connection, wanted: MappingFacts) -> Mappings:
    """What would be in force with `wanted` in place of the mapping of the same target."""
    present = mappings_of(connection)
    claim = claim_name(wanted.claim)
    pairs = [(plain_value(rule.value), rule) for rule in wanted.rules]
    if wanted.target == ClaimMapping.Decides.ROLE:
        roles = {value: rule.role for value, rule in pairs}
        role = role_mapping(claim, roles, is_authoritative=wanted.is_authoritative)
        return replace(present, role=role)
    teams = by_value([(value, rule.team_id) for value, rule in pairs])
    return replace(present, teams=TeamMapping(claim, wanted.is_authoritative, teams))


def preview(connection: Connection, mappings: Mappings, *, at: datetime, actor: Actor) -> Preview:
    """The same decision as at the sign-in, for everybody, in a fixed number of queries."""
    seen = _seen(connection, at=at)
    places = _places()
    names = dict(Team.objects.visible_to(actor).values_list("pk", "name"))
    labels = role_labels()
    default_role = Policy.objects.get().default_role
    effects, unchanged, without = [], 0, 0
    for member, claims in seen:
        standing = standing_of(
            member, managed_by=ManagedBy.CONNECTION, places=places.get(member.pk, [])
        )
        outcome = decide(mappings, standing, claims, default_role=default_role)
        if outcome.changes:
            effects.append(
                Effect(
                    member=member,
                    before=member.role_label,
                    after=labels[outcome.role] if outcome.role else "",
                    joins=_named(outcome.joins, names),
                    leaves=_named(outcome.leaves, names),
                )
            )
        else:
            unchanged += 1
        without += any(arrival(claims, claim) is Arrival.MISSING for claim in mappings.claims)
    active = Membership.objects.active(at=at).count()
    return Preview(tuple(effects), unchanged, without, unseen=active - len(seen))


def _seen(connection: Connection, *, at: datetime) -> list[tuple[Membership, Claims]]:
    rows = SeenClaims.objects.filter(
        connection=connection, membership__in=Membership.objects.active(at=at)
    )
    people = rows.select_related("membership", "membership__custom_role")
    return [(row.membership, as_claims(row.claims)) for row in people.order_by("membership__name")]


def _places() -> dict[UUID, list[TeamMember]]:
    found: dict[UUID, list[TeamMember]] = {}
    for place in TeamMember.objects.only("team_id", "membership_id", "managed_by"):
        found.setdefault(place.membership_id, []).append(place)
    return found


def as_claims(stored: Mapping[str, list[str] | None]) -> Claims:
    return {name: None if values is None else tuple(values) for name, values in stored.items()}


def _named(ids: Iterable[UUID], names: Mapping[UUID, str]) -> tuple[str, ...]:
    return tuple(sorted(names[team_id] for team_id in ids if team_id in names))


def try_out(mappings: Mappings, claims: Claims, *, actor: Actor) -> Trial:
    """For somebody who comes for the first time, with nothing but the default role."""
    default_role = Policy.objects.get().default_role
    standing = Standing(role=default_role, permissions=ROLE_PERMISSIONS[default_role])
    outcome = decide(mappings, standing, claims, default_role=default_role)
    joined = Team.objects.visible_to(actor).filter(pk__in=outcome.joins)
    names = dict(joined.values_list("pk", "name"))
    return Trial(
        role=role_labels()[outcome.role or default_role],
        teams=_named(outcome.joins, names),
        unknown=tuple(sorted(unmapped(claims, mappings))),
    )


def seen_claims(connection: Connection, *, at: datetime) -> dict[str, Counter[str]]:
    """Claim -> value -> how many people last came with it."""
    found: dict[str, Counter[str]] = {}
    for _member, claims in _seen(connection, at=at):
        for claim, values in claims.items():
            found.setdefault(claim, Counter()).update(values or ())
    return found


def not_mapped(mappings: Mappings, seen: Mapping[str, Counter[str]]) -> list[SeenValue]:
    """Values of the mapped claims that no rule knows, the most frequent first."""
    found = [
        SeenValue(claim, value, people)
        for claim in sorted(mappings.claims)
        for value, people in seen.get(claim, Counter()).items()
        if value in unmapped({claim: (value,)}, mappings)
    ]
    return sorted(found, key=lambda one: (-one.people, one.claim, one.value))
