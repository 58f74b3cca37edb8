"""Changing what an organization demands of a sign-in, a token, a request and a grant."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_domain_name

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, StaleVersion
from tenants.access import Actor, ActorKind, action
from tenants.actions.guards import hold_those_left, known_role, may_hand_out, permissions_of
from tenants.addresses import allows, canonical_rule
from tenants.clock import now
from tenants.conditions import violations
from tenants.models import DefaultTeam, Policy, Team
from tenants.permissions import BuiltInRole, Permission
from tenants.resolving import method_lapse
from tenants.rights import known

# What an organization may choose: least, most, and how that is said. Sessions: NIST 800-63B AAL2.
LIMITS: Mapping[str, tuple[timedelta, timedelta, str]] = {
    "session_idle": (timedelta(minutes=1), timedelta(minutes=30), "1 and 30 minutes"),
    "session_absolute": (timedelta(minutes=5), timedelta(hours=12), "5 minutes and 12 hours"),
    "token_max_age": (timedelta(days=1), timedelta(days=365), "1 and 365 days"),
    "cooling_off": (timedelta(0), timedelta(hours=2), "0 and 2 hours"),
    "stale_after": (timedelta(days=7), timedelta(days=365), "7 and 365 days"),
}
MOST_DOMAINS = 100


@action(Permission.POLICY_MANAGE, step_up=True)
def change_policy(
    policy: Policy,
    *,
    actor: Actor,
    version: int,
    default_teams: Iterable[UUID] | None = None,
    **changes: Any,
) -> Policy:
    """Change named values of the policy; its author stays in. Raises StaleVersion, Invalid.

    `default_teams` replaces the teams that newcomers join; None leaves them as they are.
    """
    policy = Policy.objects.locked(policy.pk)
    if policy.version != version:
        raise StaleVersion("Somebody else changed the policy meanwhile. Look again, then decide.")
    changes = _settled(changes, actor)
    before = {name: getattr(policy, name) for name in changes}
    for name, value in changes.items():
        setattr(policy, name, value)
    _check(policy, actor, before)
    changed = {
        name: (str(before[name]), str(getattr(policy, name)))
        for name in changes
        if before[name] != getattr(policy, name)
    }
    if default_teams is not None:
        changed.update(_replace_default_teams(set(default_teams), actor))
    if not changed:
        return policy
    policy.version += 1
    policy.save(update_fields=[*(changed.keys() - {"default_teams"}), "version"])
    record(
        EventName.POLICY_CHANGED,
        actor=actor,
        target=policy,
        before={name: values[0] for name, values in changed.items()},
        after={name: values[1] for name, values in changed.items()},
    )
    return policy


def _settled(changes: dict[str, Any], actor: Actor) -> dict[str, Any]:
    """The changes in the form in which they are kept. Raises Invalid with all that is wrong."""
    if "default_role" in changes:
        _check_default_role(changes["default_role"], actor)
    settled, errors = dict(changes), {}
    for name, keep in (("address_rule", canonical_rule), ("invitation_domains", _domains)):
        if name in changes:
            try:
                settled[name] = keep(changes[name])
            except ValueError as wrong:
                errors[name] = str(wrong)
    if errors:
        raise Invalid("Some values do not hold.", errors)
    return settled


def _domains(names: Iterable[str]) -> list[str]:
    """Domains in lower case, each once, by name. Raises ValueError naming what is none."""
    found = sorted({name.strip().lower().removeprefix("@") for name in names})
    if len(found) > MOST_DOMAINS:
        raise ValueError(f"At most {MOST_DOMAINS} domains.")
    for name in found:
        try:
            validate_domain_name(name)
        except ValidationError:
            raise ValueError(
                f"“{name[:60]}” is no domain. Write it like example.com, without an @."
            ) from None
    return found


def _check(policy: Policy, actor: Actor, before: Mapping[str, Any]) -> None:
    errors = {
        name: f"Between {said}."
        for name, (least, most, said) in LIMITS.items()
        if not least <= getattr(policy, name) <= most
    }
    if errors:
        raise Invalid("Some values are outside what the product allows.", errors)
    _keep_author_in(policy, actor)
    if policy.address_rule != before.get("address_rule", policy.address_rule):
        _keep_author_near(policy, actor)
    if wrong := violations(policy, at=now()):
        raise Invalid("With this, nobody could come in any more.", wrong)


def _check_default_role(role: str, actor: Actor) -> None:
    """Single sign-on hands this role out by itself: never the owner's, nor more than one holds."""
    chosen = known_role(role, actor.organization)
    if chosen == BuiltInRole.OWNER:
        raise Invalid(
            "Nobody becomes an owner by single sign-on.", {"default_role": "Choose another role."}
        )
    may_hand_out(permissions_of(chosen), actor=actor)


def _replace_default_teams(wanted: set[UUID], actor: Actor) -> dict[str, tuple[str, str]]:
    """What changed, as names for the log; nothing when the teams are the same."""
    seen = Team.objects.visible_to(actor)
    known_here = seen.filter(pk__in=wanted).values_list("pk", flat=True)
    teams = {team.pk: team for team in hold_those_left(known_here)}
    if teams.keys() != wanted:
        raise Invalid("Choose teams of this workspace.", {"default_teams": "Not a team here."})
    # Teams that the actor may not know of stay as they are.
    rows = DefaultTeam.objects.filter(team__in=seen).select_related("team")
    present = {row.team_id: row.team for row in rows}
    if present.keys() == wanted:
        return {}
    for team in teams.values():
        _may_give(team, actor)
    DefaultTeam.objects.filter(team_id__in=present.keys() - wanted).delete()
    for team_id in wanted - present.keys():
        DefaultTeam.objects.create(team_id=team_id)
    return {"default_teams": (_names(present.values()), _names(teams.values()))}


def _may_give(team: Team, actor: Actor) -> None:
    """A team brings permissions with it, and newcomers must not get more than its giver holds."""
    may_hand_out(known(team.permissions), actor=actor)


def _names(teams: Iterable[Team]) -> str:
    return ", ".join(sorted(team.name for team in teams))


def _keep_author_in(policy: Policy, actor: Actor) -> None:
    entry = actor.entry
    if entry is None:
        return
    reason = method_lapse(entry, policy, at=now())
    if reason:
        field = "mfa_required" if entry.is_local else f"{entry.method}_allowed"
        raise Invalid("This change would lock you out of the workspace.", {field: reason})


def _keep_author_near(policy: Policy, actor: Actor) -> None:
    """Also one who came in by a break-glass code: tomorrow they come in like everybody.

    On the server nobody comes from an address, and no list keeps them out.
    """
    if actor.kind is ActorKind.SYSTEM:
        return
    if not allows(policy.address_rule, actor.address):
        yours = f"You come from {actor.address}" if actor.address else "Your address is not known"
        raise Invalid(
            "This list would lock you out of the workspace.",
            {"address_rule": f"{yours}, which is not on it. Add it first."},
        )
