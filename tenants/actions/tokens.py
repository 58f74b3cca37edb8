"""API tokens: issued once, shown once, replaced with an overlap, revoked for good."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted, Refusal
from tenants.access import Actor, action
from tenants.addresses import canonical_rule
from tenants.machines import rights_of_account
from tenants.models import ApiToken, Membership, Policy, ServiceAccount
from tenants.models.credentials import DECIDES_LONGEST
from tenants.models.service_accounts import LONGEST_RULE
from tenants.permissions import DECIDING, BuiltInRole, Permission
from tenants.tokens import make_token

LONGEST_NAME = 80
# How long a replaced token goes on working beside its successor.
OVERLAPS: Final = (timedelta(0), timedelta(hours=1), timedelta(hours=24), timedelta(days=7))


class TokenEnded(Refusal):
    code = "token-ended"


class TokenReplaced(Refusal):
    code = "token-replaced"


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
    service_account: ServiceAccount | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its text, which is known only now: one's own, or a service account's.

    Raises Invalid, NotPermitted.
    """
    holder = _holder(actor)
    account = _held_account(kind, service_account, actor=actor, at=at)
    wanted = sorted(set(scopes))
    held = rights_of_account(account).permissions if account else actor.permissions
    held &= actor.permissions
    if account is not None:
        _check_deciding(wanted, actor=actor, kind=kind, lasts=lasts, address_rule=address_rule)
    _check(held, name=name, scopes=wanted, lasts=lasts, address_rule=address_rule)
    made = make_token(kind)
    token: ApiToken = ApiToken.objects.create(
        kind=kind,
        name=name.strip(),
        prefix=made.prefix,
        digest=made.digest,
        owner=account.owner if account else holder,
        service_account=account,
        scopes=wanted,
        address_rule=canonical_rule(address_rule),
        created_at=at,
        expires_at=at + lasts,
    )
    _tell_issued(token, actor=actor)
    return token, made.text


@action(None)
def rotate_token(
    token: ApiToken, *, actor: Actor, at: datetime, overlap: timedelta
) -> tuple[ApiToken, str]:
    """A successor that may the same for as long, and its text; the old one ends after `overlap`.

    One's own, a service account's, and a token itself. Raises Invalid, NotPermitted,
    StepUpNeeded, TokenEnded, TokenReplaced.
    """
    if overlap not in OVERLAPS:
        raise Invalid("Choose an overlap.", {"overlap": "At once, 1 hour, 24 hours or 7 days."})
    token = ApiToken.objects.locked(token.pk)
    if token.service_account_id is not None and _decides(token.scopes):
        raise NotPermitted("A token that decides is not replaced: an owner makes a new one.")
    _may_rotate(token, actor=actor, at=at)
    _refuse_over(token, at=at)
    made = make_token(token.kind)
    lasts = min(token.expires_at - token.created_at, Policy.objects.get().token_max_age)
    successor: ApiToken = ApiToken.objects.create(
        kind=token.kind,
        name=token.name,
        prefix=made.prefix,
        digest=made.digest,
        owner_id=token.owner_id,
        service_account_id=token.service_account_id,
        scopes=token.scopes,
        address_rule=token.address_rule,
        created_at=at,
        expires_at=at + lasts,
    )
    token.rotated_at, token.successor = at, successor
    token.expires_at = min(token.expires_at, at + overlap)
    token.save(update_fields=["rotated_at", "successor", "expires_at"])
    record(
        EventName.TOKEN_ROTATED,
        actor=actor,
        target=token,
        successor=str(successor),
        until=token.expires_at.isoformat(),
    )
    return successor, made.text


@action(None)
def revoke_token(token: ApiToken, *, actor: Actor, at: datetime) -> ApiToken:
    """End a token: one's own, or anybody's with the right to manage tokens."""
    token = ApiToken.objects.locked(token.pk)
    if not _is_own(token, actor):
        actor.require(Permission.TOKEN_MANAGE)
    if token.revoked_at is None:
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        record(EventName.TOKEN_REVOKED, actor=actor, target=token)
    return token


def revoke_tokens_of(membership: Membership, *, at: datetime) -> int:
    """End every token of a member, inside the caller's transaction and event."""
    return ApiToken.objects.filter(owner=membership, revoked_at__isnull=True).update(revoked_at=at)


def _tell_issued(token: ApiToken, *, actor: Actor) -> None:
    account = token.service_account
    record(
        EventName.TOKEN_ISSUED,
        actor=actor,
        target=token,
        kind=token.kind,
        scopes=token.scopes,
        expires_at=token.expires_at.isoformat(),
        account=account.name if account else "",
    )


def _holder(actor: Actor) -> Membership:
    if actor.token is not None:
        raise NotPermitted("A token never makes tokens. Make it in the browser.")
    if actor.membership is None:
        raise NotPermitted("Only a member can hold a token.")
    return actor.membership


def _is_own(token: ApiToken, actor: Actor) -> bool:
    """A service account's own are those of the account, and its owner's too."""
    return actor.id in (token.owner_id, token.service_account_id)


def _held_account(
    kind: str, account: ServiceAccount | None, *, actor: Actor, at: datetime
) -> ServiceAccount | None:
    """Machines pass an enforced single sign-on, so people get no such token for themselves."""
    if kind == ApiToken.Kind.PERSONAL:
        if account is not None:
            said = "A service account holds service and agent tokens only."
            raise Invalid("The token was not made.", {"kind": said})
        return None
    actor.require(Permission.SERVICE_ACCOUNT_MANAGE)
    if account is None:
        said = "Service and agent tokens belong to a service account: choose one."
        raise Invalid("The token was not made.", {"service_account": said})
    held = ServiceAccount.objects.locked(account.pk)
    account = ServiceAccount.objects.select_related("owner__custom_role", "custom_role").get(
        pk=held.pk
    )
    if not (account.is_active(at=at) and account.owner.is_active(at=at)):
        said = "This account, or the access of its owner, is suspended or over."
        raise Invalid("The token was not made.", {"service_account": said})
    return account


def _may_rotate(token: ApiToken, *, actor: Actor, at: datetime) -> None:
    """Raises NotPermitted, StepUpNeeded: nobody gets hold of what speaks for somebody else."""
    if actor.token is not None:
        if actor.token.pk != token.pk:
            raise NotPermitted("A token replaces itself only. Do it in the browser.")
        return
    if token.service_account is not None:
        actor.require(Permission.SERVICE_ACCOUNT_MANAGE)
        if not set(token.scopes) <= {p.value for p in actor.permissions}:
            raise NotPermitted("This token may do more than you. Ask an owner.")
    elif actor.membership is None or token.owner_id != actor.membership.pk:
        raise NotPermitted("Only its holder replaces a personal token. You can revoke it.")
    else:
        actor.require(Permission.TOKEN_ISSUE)
    actor.require_step_up(at=at)


def _refuse_over(token: ApiToken, *, at: datetime) -> None:
    if token.rotated_at is not None:
        raise TokenReplaced("This token was replaced already. Use its successor.")
    if not token.is_usable(at=at):
        raise TokenEnded("This token has ended. Make a new one.")


def _check(
    held: frozenset[Permission],
    *,
    name: str,
    scopes: list[str],
    lasts: timedelta,
    address_rule: str,
) -> None:
    longest = Policy.objects.get().token_max_age
    errors: dict[str, str] = {}
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        errors["name"] = f"Give it a name of at most {LONGEST_NAME} characters."
    if wrong := _wrong_scopes(held, scopes):
        errors["scopes"] = wrong
    if not timedelta(hours=1) <= lasts <= longest:
        errors["lasts"] = f"At least an hour, at most {longest.days} days."
    if wrong := _wrong_rule(address_rule):
        errors["address_rule"] = wrong
    if errors:
        raise Invalid("The token was not made.", errors)


def _decides(scopes: Iterable[str]) -> bool:
    return any(scope in DECIDING for scope in scopes)


def _check_deciding(
    scopes: list[str], *, actor: Actor, kind: str, lasts: timedelta, address_rule: str
) -> None:
    """A machine that decides is an owner's own doing, from known addresses, and not for long."""
    if not _decides(scopes):
        return
    if actor.membership is None or actor.membership.role != BuiltInRole.OWNER:
        raise NotPermitted("Only an owner lets a machine decide about access or deletion.")
    days = DECIDES_LONGEST.days
    rules = (
        ("scopes", kind == ApiToken.Kind.SERVICE, "An agent decides nothing: make a service token"),
        ("address_rule", address_rule.strip(), "A token that decides is bound to addresses"),
        ("lasts", lasts <= DECIDES_LONGEST, f"A token that decides lasts at most {days} days"),
    )
    errors = {name: f"{said}." for name, holds, said in rules if not holds}
    if errors:
        raise Invalid("The token was not made.", errors)


def _wrong_rule(address_rule: str) -> str:
    try:
        is_short = len(canonical_rule(address_rule)) <= LONGEST_RULE
    except ValueError as wrong:
        return str(wrong)
    return "" if is_short else f"At most {LONGEST_RULE} characters."


def _wrong_scopes(held: frozenset[Permission], scopes: list[str]) -> str:
    allowed = {p.value for p in held}
    beyond = [scope for scope in scopes if scope not in allowed]
    if not scopes:
        return "Choose at least one thing that the token may do."
    return f"You, or the account, do not hold: {', '.join(beyond)}." if beyond else ""
