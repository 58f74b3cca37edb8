"""Service accounts that lose their access by a request: blocked, planned, let in again, ended."""

from datetime import datetime

from audit.names import EventName
from audit.recorder import record
from tenants.access import Actor, action
from tenants.actions.service_accounts import ServiceAccountGone, refuse_beyond
from tenants.models import ApiToken, ServiceAccount, ServiceAccountPlace
from tenants.permissions import Permission


@action(Permission.REVOCATION_FILE)
def contain_account(account: ServiceAccount, *, actor: Actor, at: datetime) -> ServiceAccount:
    """Its tokens are refused from now on, or since a planned instant gone by.

    Raises ServiceAccountGone.
    """
    account = _held(account)
    if account.suspended_at is None:
        account.contain(at=at)
        account.version += 1
        account.save(update_fields=["suspended_at", "blocked_from", "version"])
        record(EventName.SERVICE_ACCOUNT_SUSPENDED, actor=actor, target=account)
    return account


@action(Permission.REVOCATION_FILE)
def plan_account_block(
    account: ServiceAccount, *, actor: Actor, blocked_from: datetime | None
) -> ServiceAccount:
    """Its tokens are refused from an instant on by themselves; None gives that up."""
    account = _held(account)
    if account.blocked_from != blocked_from:
        account.blocked_from = blocked_from
        account.version += 1
        account.save(update_fields=["blocked_from", "version"])
        _record_plan(account, actor=actor)
    return account


@action(Permission.REVOCATION_FILE)
def restore_account(account: ServiceAccount, *, actor: Actor, at: datetime) -> ServiceAccount:
    """Let it in again with no old token, and with no more than the actor holds.

    Raises NotPermitted, ServiceAccountGone.
    """
    account = _held(account)
    refuse_beyond(account, actor=actor)
    account.suspended_at = account.blocked_from = None
    account.version += 1
    account.save(update_fields=["suspended_at", "blocked_from", "version"])
    end_tokens_of(account, at=at)
    record(EventName.SERVICE_ACCOUNT_REINSTATED, actor=actor, target=account)
    return account


@action(Permission.REVOCATION_FILE)
def end_account(account: ServiceAccount, *, actor: Actor, at: datetime) -> ServiceAccount:
    """End it for good, once: what it did keeps its name, and the name is free again."""
    account = ServiceAccount.objects.locked(account.pk)
    if account.deleted_at is None:
        account.deleted_at = at
        account.version += 1
        account.save(update_fields=["deleted_at", "version"])
        ServiceAccountPlace.objects.filter(service_account=account).delete()
        ended = end_tokens_of(account, at=at)
        record(EventName.SERVICE_ACCOUNT_DELETED, actor=actor, target=account, tokens=ended)
    return account


def end_tokens_of(account: ServiceAccount, *, at: datetime) -> int:
    """Inside the caller's transaction and event."""
    tokens = ApiToken.objects.filter(service_account=account, revoked_at__isnull=True)
    return tokens.update(revoked_at=at)


def _record_plan(account: ServiceAccount, *, actor: Actor) -> None:
    blocked_from = account.blocked_from
    if blocked_from is None:
        record(EventName.SERVICE_ACCOUNT_BLOCK_GIVEN_UP, actor=actor, target=account)
        return
    record(
        EventName.SERVICE_ACCOUNT_BLOCK_PLANNED,
        actor=actor,
        target=account,
        blocked_from=blocked_from.isoformat(),
    )


def _held(account: ServiceAccount) -> ServiceAccount:
    account = ServiceAccount.objects.locked(account.pk)
    if account.deleted_at is not None:
        raise ServiceAccountGone(f"{account} was deleted. Make a new service account.")
    return account
