"""API tokens: issued once, shown once, revoked for good."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted
from tenants.access import Actor, action
from tenants.addresses import canonical_rule
from tenants.models import ApiToken, Membership, Policy
from tenants.permissions import Permission
from tenants.tokens import make_token

LONGEST_NAME = 80


@action(Permission.TOKEN_ISSUE, step_up=True)
def issue_token(
    *,
    actor: Actor,
    at: datetime,
    name: str,
    scopes: Iterable[str],
    lasts: timedelta,
    kind: str = ApiToken.Kind.PERSONAL,
    address_rule: str = "",
) -> tuple[ApiToken, str]:
    """A new token of the actor's own and its text, which is known only now. Raises Invalid."""
    owner = actor.membership
    if owner is None:
        raise NotPermitted("Only a member can hold a token.")
    wanted = sorted(set(scopes))
    _check(actor, name=name, scopes=wanted, lasts=lasts, address_rule=address_rule)
    made = make_token(kind)
    token: ApiToken = ApiToken.objects.create(
        kind=kind,
        name=name.strip(),
        prefix=made.prefix,
        digest=made.digest,
        owner=owner,
        scopes=wanted,
        address_rule=canonical_rule(address_rule),
        created_at=at,
        expires_at=at + lasts,
    )
    record(
        EventName.TOKEN_ISSUED,
        actor=actor,
        target=token,
        kind=kind,
        scopes=wanted,
        expires_at=token.expires_at.isoformat(),
    )
    return token, made.text


@action(None)
def revoke_token(token: ApiToken, *, actor: Actor, at: datetime) -> ApiToken:
    """End a token: one's own, or anybody's with the right to manage tokens."""
    token = ApiToken.objects.locked(token.pk)
    if actor.membership is None or token.owner_id != actor.membership.pk:
        actor.require(Permission.TOKEN_MANAGE)
    if token.revoked_at is None:
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        record(EventName.TOKEN_REVOKED, actor=actor, target=token)
    return token


def revoke_tokens_of(membership: Membership, *, at: datetime) -> int:
    """End every token of a member, inside the caller's transaction and event."""
    return ApiToken.objects.filter(owner=membership, revoked_at__isnull=True).update(revoked_at=at)


def _check(
    actor: Actor, *, name: str, scopes: list[str], lasts: timedelta, address_rule: str
) -> None:
    longest = Policy.objects.get().token_max_age
    errors: dict[str, str] = {}
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        errors["name"] = f"Give it a name of at most {LONGEST_NAME} characters."
    if wrong := _wrong_scopes(actor, scopes):
        errors["scopes"] = wrong
    if not timedelta(hours=1) <= lasts <= longest:
        errors["lasts"] = f"At least an hour, at most {longest.days} days."
    try:
        canonical_rule(address_rule)
    except ValueError as wrong:
        errors["address_rule"] = str(wrong)
    if errors:
        raise Invalid("The token was not made.", errors)


def _wrong_scopes(actor: Actor, scopes: list[str]) -> str:
    held = {p.value for p in actor.permissions}
    beyond = [scope for scope in scopes if scope not in held]
    if not scopes:
        return "Choose at least one thing that the token may do."
    return f"You do not hold: {', '.join(beyond)}." if beyond else ""
