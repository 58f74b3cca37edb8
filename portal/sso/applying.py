"""Applies a connection's mappings to whom it has just let in, and keeps what came for previews."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from portal.sso import mapping
from portal.sso.identity import Identity
from portal.sso.mapping import Arrival, Mappings, Outcome, RoleMapping, Standing, TeamMapping
from portal.sso.models import ClaimMapping, ClaimRule, Connection, SeenClaims
from portal.sso.verdicts import Check
from tenants.access import Actor, system_actor
from tenants.actions.managing import sync_places, sync_role
from tenants.models import ManagedBy, Membership, Policy, TeamMember
from tenants.naming import mappable

_FIXES: Mapping[Arrival, str] = {
    Arrival.MISSING: "Release the claim for this application at the identity provider. "
    "Nothing was changed.",
    Arrival.TOO_MANY: "Release only the groups that matter here. Nothing was changed.",
}


def apply_mappings(
    connection: Connection, membership: Membership, identity: Identity, *, at: datetime
) -> tuple[Check, ...]:
    """Inside the transaction of the sign-in, after admission, as the system.

    Two sign-ins at once queue up at the member's row; the second finds everything done.
    """
    mappings = mappings_of(connection)
    claims = mapping.kept(identity.claims, mappings.claims)
    member = Membership.objects.locked(membership.pk)
    SeenClaims.objects.remember(connection, member, claims, at=at)
    if not mappings.claims:
        return ()
    outcome = mapping.decide(
        mappings,
        standing_of(member, managed_by=ManagedBy.CONNECTION),
        claims,
        default_role=Policy.objects.get().default_role,
    )
    carry_out(
        outcome,
        member,
        actor=system_actor(connection.organization),
        managed_by=ManagedBy.CONNECTION,
    )
    return tuple(_checks(mappings, claims, is_cut=mapping.was_cut_short(identity.claims)))


def carry_out(outcome: Outcome, member: Membership, *, actor: Actor, managed_by: str) -> None:
    """Do what was decided. What is decided authoritatively is locked for people from then on."""
    if outcome.role is not None or outcome.decides_role:
        sync_role(
            member,
            actor=actor,
            role=outcome.role,
            managed_by=managed_by if outcome.decides_role else ManagedBy.PEOPLE,
        )
    if outcome.joins or outcome.leaves:
        sync_places(
            member,
            actor=actor,
            joins=outcome.joins,
            leaves=outcome.leaves,
            managed_by=managed_by if outcome.decides_teams else ManagedBy.PEOPLE,
        )


def mappings_of(connection: Connection) -> Mappings:
    """What is in force, in three queries at most however many rules there are."""
    rows = {row.target: row for row in ClaimMapping.objects.filter(connection=connection)}
    rules = list(ClaimRule.objects.filter(mapping__in=list(rows.values())))
    role, teams = (
        rows.get(ClaimMapping.Decides.ROLE),
        rows.get(ClaimMapping.Decides.TEAMS),
    )
    return Mappings(
        role=role_mapping(
            role.claim,
            {rule.value: rule.role_name for rule in rules if rule.mapping_id == role.pk},
            is_authoritative=role.is_authoritative,
        )
        if role
        else None,
        teams=TeamMapping(
            teams.claim,
            teams.is_authoritative,
            by_value([(r.value, r.team_id) for r in rules if r.mapping_id == teams.pk]),
        )
        if teams
        else None,
    )


def role_mapping(claim: str, roles: Mapping[str, str], *, is_authoritative: bool) -> RoleMapping:
    """With what each role allows today; one that came to hold an owner's rights stands for none."""
    return RoleMapping(claim, is_authoritative, roles, mappable(roles.values()))


def by_value(pairs: list[tuple[str, UUID | None]]) -> dict[str, frozenset[UUID]]:
    """One value may stand for several teams."""
    found: dict[str, frozenset[UUID]] = {}
    for value, team_id in pairs:
        if team_id is not None:
            found[value] = found.get(value, frozenset()) | {team_id}
    return found


def standing_of(
    member: Membership, *, managed_by: str, places: list[TeamMember] | None = None
) -> Standing:
    """What the member has now; `places` when the caller has read everybody's at once."""
    if places is None:
        places = list(TeamMember.objects.filter(membership=member))
    return Standing(
        role=member.role_name,
        permissions=member.role_permissions(),
        team_ids=frozenset(place.team_id for place in places),
        managed_team_ids=frozenset(
            place.team_id for place in places if place.managed_by == managed_by
        ),
    )


def _checks(mappings: Mappings, claims: mapping.Claims, *, is_cut: bool) -> Iterator[Check]:
    """For the flight recorder: whether each mapped claim came, and if not, what to do."""
    for claim in sorted(mappings.claims):
        came = mapping.arrival(claims, claim)
        values = claims.get(claim) or ()
        fix = _FIXES.get(came, "")
        if came is Arrival.MISSING and is_cut:
            fix = (
                "The person is in more groups than Microsoft sends. Send only groups assigned "
                "to the application, or app roles. Nothing was changed."
            )
        yield Check(
            rule=_("Claim “%(claim)s”") % {"claim": claim},
            passed=came in (Arrival.CAME, Arrival.EMPTY),
            expected=_("a claim of this name"),
            received=_received(came, len(values)),
            fix=fix,
        )


def _received(came: Arrival, number: int) -> str:
    if came is Arrival.MISSING:
        return _("nothing")
    if came is Arrival.TOO_MANY:
        return _("more than %(most)d values") % {"most": mapping.MAX_VALUES}
    return _("%(number)d values") % {"number": number}
