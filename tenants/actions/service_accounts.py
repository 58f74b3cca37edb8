"""Service accounts: made, changed, suspended, let in again, and deleted with their tokens."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted, Refusal, StaleVersion
from tenants.access import Actor, action
from tenants.actions.ends import checked_end
from tenants.actions.guards import given_role, hold_teams, may_hand_out
from tenants.addresses import canonical_rule
from tenants.models import ApiToken, Role, ServiceAccount, ServiceAccountPlace, Team
from tenants.models.service_accounts import LONGEST_RULE
from tenants.permissions import OWNERS_ALONE, Permission
from tenants.rights import united

LONGEST_NAME = 80
LONGEST_DESCRIPTION = 300
_UNSAID: Any = object()


class ServiceAccountGone(Refusal):
    code = "service-account-deleted"


@action(Permission.SERVICE_ACCOUNT_MANAGE, step_up=True)
def create_service_account(
    *,
    actor: Actor,
    at: datetime,
    name: str,
    description: str = "",
    role: str = "",
    custom_role: Role | None = None,
    teams: Iterable[Team] = (),
    address_rule: str = "",
    access_ends_at: datetime | None = None,
) -> ServiceAccount:
    """Make an account that the actor answers for. Raises Invalid, NotFound, NotPermitted."""
    if actor.membership is None:
        raise NotPermitted("Only a member can answer for a service account.")
    given = given_role(role, custom_role, organization=actor.organization)
    chosen = list(hold_teams(teams).values())
    _may_hold(given.permissions, chosen, actor=actor)
    account = ServiceAccount(
        organization_id=actor.organization_id,
        name=_checked_name(name),
        description=_checked_description(description),
        role=given.role,
        custom_role=given.custom,
        owner=actor.membership,
        address_rule=_checked_rule(address_rule),
        created_at=at,
        access_ends_at=checked_end(access_ends_at, at=at),
    )
    _save(account, creating=True)
    _place(account, chosen)
    record(EventName.SERVICE_ACCOUNT_CREATED, actor=actor, target=account, role=given.name)
    return account


@action(Permission.SERVICE_ACCOUNT_MANAGE, step_up=True)
def change_service_account(
    account: ServiceAccount,
    *,
    actor: Actor,
    at: datetime,
    version: int,
    name: str | None = None,
    description: str | None = None,
    role: str = "",
    custom_role: Role | None = None,
    teams: Iterable[Team] | None = None,
    address_rule: str | None = None,
    access_ends_at: datetime | None = _UNSAID,
) -> ServiceAccount:
    """Change what was said, from the account's next request on.

    Raises Invalid, NotFound, NotPermitted, StaleVersion, ServiceAccountGone.
    """
    account = _held(account)
    if account.version != version:
        raise StaleVersion("This service account changed meanwhile. Look again, then decide.")
    refuse_beyond(account, actor=actor)
    before, places = _facts(account), _teams_of(account)
    if role or custom_role:
        given = given_role(role, custom_role, organization=actor.organization)
        account.role, account.custom_role = given.role, given.custom
    _rewrite(account, name=name, description=description, address_rule=address_rule)
    if access_ends_at not in (_UNSAID, account.access_ends_at):
        account.access_ends_at = checked_end(access_ends_at, at=at)
    chosen = places if teams is None else list(hold_teams(teams).values())
    _may_hold(account.role_permissions(), chosen, actor=actor)
    changed = [field for field, value in _facts(account).items() if value != before[field]]
    changed += ["teams"] if _place(account, chosen) else []
    if changed:
        _keep(account, changed, actor=actor)
    return account


@action(Permission.SERVICE_ACCOUNT_MANAGE, step_up=True)
def suspend_service_account(
    account: ServiceAccount, *, actor: Actor, at: datetime
) -> ServiceAccount:
    """Its tokens stop at once, and work again when it is let in. Raises ServiceAccountGone."""
    account = _held(account)
    if account.suspended_at is None:
        _stand(account, at)
        record(EventName.SERVICE_ACCOUNT_SUSPENDED, actor=actor, target=account)
    return account


@action(Permission.SERVICE_ACCOUNT_MANAGE, step_up=True)
def reinstate_service_account(account: ServiceAccount, *, actor: Actor) -> ServiceAccount:
    """Let it in again, with no more than the actor holds. Raises NotPermitted."""
    account = _held(account)
    refuse_beyond(account, actor=actor)
    if account.suspended_at is not None:
        _stand(account, None)
        record(EventName.SERVICE_ACCOUNT_REINSTATED, actor=actor, target=account)
    return account


@action(Permission.SERVICE_ACCOUNT_MANAGE, step_up=True)
def delete_service_account(
    account: ServiceAccount, *, actor: Actor, at: datetime
) -> ServiceAccount:
    """End it and its tokens for good. What it did keeps its name; the name is free again."""
    account = _held(account)
    account.deleted_at = at
    account.version += 1
    account.save(update_fields=["deleted_at", "version"])
    ended = ApiToken.objects.filter(service_account=account, revoked_at__isnull=True).update(
        revoked_at=at
    )
    ServiceAccountPlace.objects.filter(service_account=account).delete()
    record(EventName.SERVICE_ACCOUNT_DELETED, actor=actor, target=account, tokens=ended)
    return account


def _rewrite(account: ServiceAccount, **said: str | None) -> None:
    """What was said replaces what stands, once it holds."""
    checks = {
        "name": _checked_name,
        "description": _checked_description,
        "address_rule": _checked_rule,
    }
    for field, value in said.items():
        if value is not None:
            setattr(account, field, checks[field](value))


def _keep(account: ServiceAccount, changed: list[str], *, actor: Actor) -> None:
    account.version += 1
    _save(account)
    record(
        EventName.SERVICE_ACCOUNT_CHANGED,
        actor=actor,
        target=account,
        changed=", ".join(_WORDS[field] for field in changed),
    )


# What changed, in the words of the log.
_WORDS = {
    "name": "name",
    "description": "description",
    "role": "role",
    "address_rule": "addresses",
    "access_ends_at": "end of access",
    "teams": "teams",
}


def _facts(account: ServiceAccount) -> dict[str, Any]:
    return {
        "name": account.name,
        "description": account.description,
        "role": (account.role, account.custom_role_id),
        "address_rule": account.address_rule,
        "access_ends_at": account.access_ends_at,
    }


def _held(account: ServiceAccount) -> ServiceAccount:
    account = ServiceAccount.objects.locked(account.pk)
    if account.deleted_at is not None:
        raise ServiceAccountGone(f"{account} was deleted. Make a new service account.")
    return account


def _teams_of(account: ServiceAccount) -> list[Team]:
    places = ServiceAccountPlace.objects.filter(service_account=account).select_related("team")
    return [place.team for place in places]


def refuse_beyond(account: ServiceAccount, *, actor: Actor) -> None:
    """Nobody changes or lets in what may more than they."""
    held = united(account.role_permissions(), (t.permissions for t in _teams_of(account)))
    may_hand_out(held - OWNERS_ALONE, actor=actor)


def _may_hold(role: frozenset[Permission], teams: list[Team], *, actor: Actor) -> None:
    """Raises NotPermitted for more than the actor's own; an owner's own rights for everybody."""
    held = united(role, (team.permissions for team in teams))
    if held & OWNERS_ALONE:
        raise NotPermitted("What only owners may do is never a service account's.")
    may_hand_out(held, actor=actor)


def _place(account: ServiceAccount, teams: list[Team]) -> bool:
    """Put the account into these teams alone. Tells whether that changed anything."""
    wanted = {team.pk: team for team in teams}
    places = ServiceAccountPlace.objects.filter(service_account=account)
    present = set(places.values_list("team_id", flat=True))
    places.exclude(team_id__in=list(wanted)).delete()
    for key in wanted.keys() - present:
        ServiceAccountPlace.objects.create(team=wanted[key], service_account=account)
    return wanted.keys() != present


def _stand(account: ServiceAccount, suspended_at: datetime | None) -> None:
    account.suspended_at = suspended_at
    account.version += 1
    account.save(update_fields=["suspended_at", "version"])


def _checked_name(name: str) -> str:
    text = " ".join(name.split())
    if not 1 <= len(text) <= LONGEST_NAME or not text.isprintable():
        raise Invalid("The account needs a name.", {"name": f"1 to {LONGEST_NAME} characters."})
    return text


def _checked_description(text: str) -> str:
    said = text.strip()
    if len(said) > LONGEST_DESCRIPTION:
        limit = f"At most {LONGEST_DESCRIPTION} characters."
        raise Invalid("The description is too long.", {"description": limit})
    return said


def _checked_rule(text: str) -> str:
    try:
        rule = canonical_rule(text)
    except ValueError as wrong:
        raise Invalid("The address rule does not hold.", {"address_rule": str(wrong)}) from wrong
    if len(rule) > LONGEST_RULE:
        limit = f"At most {LONGEST_RULE} characters."
        raise Invalid("The address rule is too long.", {"address_rule": limit})
    return rule


def _save(account: ServiceAccount, *, creating: bool = False) -> None:
    fields = [*("name", "description", "role", "custom_role"), "address_rule"]
    fields += ["access_ends_at", "version"]
    try:
        with transaction.atomic():
            account.save(force_insert=creating, update_fields=None if creating else fields)
    except IntegrityError as taken:
        raise Invalid(
            "This name is taken.", {"name": "Another service account has this name."}
        ) from taken
