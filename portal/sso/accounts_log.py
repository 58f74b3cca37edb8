"""Runs a mounted account view in one transaction and writes down what it changed.

A person's account belongs to every organization they are a member of, so each of their logs
gets the event; what concerns no organization goes to the vendor's.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

from allauth.account.internal.stagekit import unstash_login
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import url_str_to_user_pk
from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User
from audit.names import EventName
from audit.recorder import record
from tenants.access import stranger
from tenants.actions.entries import end_entries_of
from tenants.clock import now
from tenants.middleware import facts_of
from tenants.models import Membership
from tenants.resolving import actor_for_member, vendor_organization, workspaces_of
from tenants.scoping import organization_scope

# As the log and the mails call them.
_KINDS: Mapping[str, str] = {
    Authenticator.Type.TOTP: "authenticator app",
    Authenticator.Type.WEBAUTHN: "passkey",
    Authenticator.Type.RECOVERY_CODES: "recovery codes",
}
MountedView = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class AccountState:
    """What may not change without a trace."""

    password: str
    email: str
    addresses: frozenset[tuple[str, bool, bool]]
    authenticators: Mapping[int, "Factor"]


@dataclass(frozen=True)
class Factor:
    """A second factor: its kind, what its owner calls it, how many of its codes were used."""

    kind: str
    name: str = ""
    codes_used: int = 0


def audited(view: MountedView) -> MountedView:
    """One transaction; password, addresses and authenticators compared before and after."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        concerned = _concerned(request, kwargs)
        with account_recorded(request, concerned, by_link="uidb36" in kwargs):
            return view(request, *args, **kwargs)

    return run


@contextmanager
def account_recorded(
    request: HttpRequest, concerned: User | None, *, by_link: bool = False
) -> Iterator[None]:
    """One transaction, at whose end the account is compared with what it was."""
    with transaction.atomic():
        before = _state(concerned)
        yield
        after = _state(concerned)
        if concerned and before and after and before != after:
            _record_changes(request, concerned, before=before, after=after, by_link=by_link)


def record_for_person(
    request: HttpRequest, name: EventName, *, user: User | None, outcome: str = "done", **facts: Any
) -> None:
    """Write an account event to the log of each of the person's organizations."""
    members = workspaces_of(user.pk, at=now()) if user else []
    seen = facts_of(request)
    for member in members:
        with organization_scope(member.organization_id):
            actor = actor_for_member(member, facts=seen)
            record(name, actor=actor, target=member, outcome=outcome, **facts)
    vendor = vendor_organization() if not members else None
    if vendor is not None:
        with organization_scope(vendor.pk):
            actor = stranger(vendor, request_id=seen.request_id, address=seen.address)
            record(name, actor=actor, outcome=outcome, **facts)


def _concerned(request: HttpRequest, kwargs: dict[str, Any]) -> User | None:
    """Whose account a request may change: who is signed in, signing in, or named by a link."""
    if isinstance(request.user, User):
        return request.user
    pending = unstash_login(request, peek=True)
    if pending is not None and isinstance(pending.user, User):
        return pending.user
    if "uidb36" in kwargs:
        return _by_link(kwargs["uidb36"])
    confirmation = EmailConfirmationHMAC.from_key(kwargs["key"]) if "key" in kwargs else None
    return confirmation.email_address.user if confirmation else None


def _by_link(uidb36: str) -> User | None:
    try:
        return User.objects.filter(pk=url_str_to_user_pk(uidb36)).first()
    except (ValueError, OverflowError, ValidationError):
        return None


def _state(user: User | None) -> AccountState | None:
    """Read anew: the view works on objects of its own."""
    row = User.objects.filter(pk=user.pk).values("password", "email").first() if user else None
    if row is None or user is None:
        return None
    return AccountState(
        password=row["password"],
        email=row["email"],
        addresses=frozenset(
            EmailAddress.objects.filter(user_id=user.pk).values_list("email", "verified", "primary")
        ),
        authenticators={
            row.pk: Factor(
                kind=row.type,
                name=str(row.data.get("name", "")),
                codes_used=int(row.data.get("used_mask", 0)).bit_count(),
            )
            for row in Authenticator.objects.filter(user_id=user.pk)
        },
    )


def _record_changes(
    request: HttpRequest,
    user: User,
    *,
    before: AccountState,
    after: AccountState,
    by_link: bool,
) -> None:
    if before.password != after.password:
        name = EventName.PASSWORD_RESET if by_link else EventName.PASSWORD_CHANGED
        _end_entries(user, because="password changed")
        record_for_person(request, name, user=user)
    if before.email != after.email:
        _copy_address(user, after.email)
        record_for_person(
            request, EventName.ADDRESS_CHANGED, user=user, private={"before": before.email}
        )
    _record_factors(request, user, before=before.authenticators, after=after.authenticators)


def _record_factors(
    request: HttpRequest, user: User, *, before: Mapping[int, Factor], after: Mapping[int, Factor]
) -> None:
    for pk in after.keys() - before.keys():
        kind = _KINDS[after[pk].kind]
        record_for_person(request, EventName.AUTHENTICATOR_ADDED, user=user, kind=kind)
    for pk in before.keys() - after.keys():
        kind = _KINDS[before[pk].kind]
        record_for_person(request, EventName.AUTHENTICATOR_REMOVED, user=user, kind=kind)
    for pk in before.keys() & after.keys():
        _record_use(request, user, before=before[pk], after=after[pk])


def _record_use(request: HttpRequest, user: User, *, before: Factor, after: Factor) -> None:
    if before.name != after.name:
        record_for_person(request, EventName.AUTHENTICATOR_RENAMED, user=user)
    if after.codes_used > before.codes_used:
        left = app_settings.RECOVERY_CODE_COUNT - after.codes_used
        record_for_person(request, EventName.RECOVERY_CODE_USED, user=user, left=left)


def _end_entries(user: User, *, because: str) -> None:
    at = now()
    for member in workspaces_of(user.pk, at=at):
        with organization_scope(member.organization_id):
            end_entries_of(member, at=at, because=because)


def _copy_address(user: User, email: str) -> None:
    """Each organization keeps its own copy of a member's address."""
    for member in workspaces_of(user.pk, at=now()):
        with organization_scope(member.organization_id):
            Membership.objects.filter(pk=member.pk).update(email=email)
