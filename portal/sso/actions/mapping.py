"""What a connection's claims decide here: set, added to, taken back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted, StaleVersion
from portal.sso.mapping import MAX_VALUE, claim_name, plain_value
from portal.sso.models import ClaimMapping, ClaimRule, Connection, SeenClaims
from tenants.access import Actor, action
from tenants.actions.guards import mapped_role, may_hand_out
from tenants.actions.managing import release_places, release_roles
from tenants.models import ManagedBy, Role, Team
from tenants.naming import role_ids
from tenants.permissions import Permission

MAX_RULES = 500
MAX_CLAIM = 200
# Named one by one in the log; beyond, their number says enough.
NAMED = 50
_Decides = ClaimMapping.Decides


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A value, and what it stands for: a role's name or a team's id."""

    value: str
    role: str = ""
    team_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class MappingFacts:
    """A whole mapping as somebody wants it."""

    target: str
    claim: str
    is_authoritative: bool
    rules: Sequence[RuleFacts]


@action(Permission.SSO_MANAGE, step_up=True)
def set_mapping(
    connection: Connection, *, actor: Actor, wanted: MappingFacts, version: int = 0
) -> ClaimMapping:
    """Replace what a claim decides; it counts from everybody's next sign-in.

    `version` is the mapping's as it was looked at, 0 for none. Raises Invalid, NotPermitted,
    StaleVersion. Nobody hands out by a rule what they lack, and ownership is handed out by none.
    """
    connection = Connection.objects.locked(connection.pk)
    row = _row(connection, wanted.target)
    _same_version(row, version)
    wanted = _checked(wanted, actor)
    if row is None:
        row = ClaimMapping(connection=connection, target=wanted.target, version=0)
        row.organization_id = connection.organization_id
    else:
        _refuse_unseen(row, actor)
        if row.is_authoritative and not wanted.is_authoritative:
            _release(connection, wanted.target)
    row.claim, row.is_authoritative = wanted.claim, wanted.is_authoritative
    row.version += 1
    row.save()
    _replace(row, wanted, actor=actor)
    return row


@action(Permission.SSO_MANAGE, step_up=True)
def remove_mapping(mapping: ClaimMapping, *, actor: Actor, version: int) -> None:
    """Take a mapping back: people keep what they have, and people decide it again."""
    mapping = ClaimMapping.objects.locked(mapping.pk)
    _same_version(mapping, version)
    _refuse_unseen(mapping, actor)
    _release(mapping.connection, mapping.target)
    record(
        EventName.MAPPING_REMOVED,
        actor=actor,
        target=mapping,
        decides=mapping.target,
        claim=mapping.claim,
    )
    mapping.delete()


def _row(connection: Connection, target: str) -> ClaimMapping | None:
    if target not in _Decides.values:
        raise Invalid("A claim decides the role or the teams.", {"target": "Unknown."})
    return ClaimMapping.objects.filter(connection=connection, target=target).first()


def _same_version(row: ClaimMapping | None, version: int) -> None:
    if version != (row.version if row else 0):
        raise StaleVersion("Somebody else changed this mapping meanwhile. Look again, then decide.")


def _release(connection: Connection, target: str) -> None:
    """What this connection had decided is people's to decide again."""
    people: Any = SeenClaims.objects.filter(connection=connection).values("membership")
    release = release_roles if target == _Decides.ROLE else release_places
    release(people, managed_by=ManagedBy.CONNECTION)


def _checked(wanted: MappingFacts, actor: Actor) -> MappingFacts:
    claim = claim_name(wanted.claim)
    if not 0 < len(claim) <= MAX_CLAIM or not claim.isprintable():
        raise Invalid("Name the claim.", {"claim": f"1 to {MAX_CLAIM} characters."})
    rules = tuple(dict.fromkeys(_plain(rule) for rule in wanted.rules))
    if len(rules) > MAX_RULES:
        raise Invalid("These are too many rules.", {"rules": f"At most {MAX_RULES}."})
    for rule in rules:
        if not 0 < len(rule.value) <= MAX_VALUE or not rule.value.isprintable():
            raise Invalid("A value is missing or too long.", {"rules": "Check the values."})
    check = _check_roles if wanted.target == _Decides.ROLE else _check_teams
    check(rules, actor)
    return MappingFacts(wanted.target, claim, wanted.is_authoritative, rules)


def _plain(rule: RuleFacts) -> RuleFacts:
    return RuleFacts(plain_value(rule.value), rule.role, rule.team_id)


def _check_roles(rules: Sequence[RuleFacts], actor: Actor) -> None:
    values = [rule.value for rule in rules]
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise Invalid("A value stands for one role.", {"rules": f"“{twice}” is there twice."})
    for rule in rules:
        mapped_role(rule.role, actor=actor)


def _check_teams(rules: Sequence[RuleFacts], actor: Actor) -> None:
    wanted = {rule.team_id for rule in rules}
    teams = list(Team.objects.visible_to(actor).filter(pk__in=wanted - {None}))
    if {team.pk for team in teams} != wanted:
        raise Invalid("Choose teams of this workspace.", {"rules": "Not a team here."})
    known = {permission.value: permission for permission in Permission}
    for team in teams:
        held = frozenset(known[name] for name in team.permissions if name in known)
        may_hand_out(held, actor=actor)


def _refuse_unseen(mapping: ClaimMapping, actor: Actor) -> None:
    """Whoever does not know of a team does not take away what leads into it."""
    rules = ClaimRule.objects.filter(mapping=mapping, team__isnull=False)
    if rules.exclude(team__in=Team.objects.visible_to(actor)).exists():
        raise NotPermitted(
            "This mapping leads into teams that you may not see. Ask somebody who manages teams."
        )


def _replace(row: ClaimMapping, wanted: MappingFacts, *, actor: Actor) -> None:
    old = {
        RuleFacts(rule.value, rule.role_name, rule.team_id)
        for rule in ClaimRule.objects.filter(mapping=row)
    }
    new = set(wanted.rules)
    ClaimRule.objects.filter(mapping=row).delete()
    ClaimRule.objects.bulk_create(_stored(row, rule) for rule in wanted.rules)
    record(
        EventName.MAPPING_CHANGED,
        actor=actor,
        target=row,
        decides=row.target,
        claim=row.claim,
        mode="authoritative" if row.is_authoritative else "additive",
        rules=len(new),
        added=_said(new - old),
        removed=_said(old - new),
    )


def _stored(row: ClaimMapping, rule: RuleFacts) -> ClaimRule:
    custom = next(iter(role_ids([rule.role])), None)
    built_in = "" if custom else rule.role
    return ClaimRule(
        mapping=row,
        value=rule.value,
        role=built_in,
        custom_role_id=custom,
        team_id=rule.team_id,
    )


def _said(rules: Collection[RuleFacts]) -> list[str] | None:
    if not rules:
        return None
    names: dict[UUID | None, str] = {
        team.pk: team.name for team in Team.objects.filter(pk__in={r.team_id for r in rules})
    }
    made = {
        f"custom:{role.pk}": role.name
        for role in Role.objects.filter(pk__in=role_ids(r.role for r in rules))
    }
    said = sorted(
        f"{rule.value} → {made.get(rule.role, rule.role) or names.get(rule.team_id, '')}"
        for rule in rules
    )
    return said[:NAMED]
