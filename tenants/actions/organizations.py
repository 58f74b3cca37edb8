"""Making an organization, and changing what it demands."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.models import normalized
from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, StaleVersion
from tenants.access import Actor, action, system_actor
from tenants.actions.guards import known_role, may_hand_out, permissions_of
from tenants.actions.invitations import keep_place
from tenants.clock import now
from tenants.models import Organization, Policy
from tenants.models.organization import RESERVED_SLUGS, SLUG
from tenants.permissions import BuiltInRole, Permission
from tenants.resolving import password_lapse
from tenants.scoping import organization_scope, system_scope

# What an organization may choose: least, most, and how that is said. Sessions: NIST 800-63B AAL2.
LIMITS: Mapping[str, tuple[timedelta, timedelta, str]] = {
    "session_idle": (timedelta(minutes=1), timedelta(minutes=30), "1 and 30 minutes"),
    "session_absolute": (timedelta(minutes=5), timedelta(hours=12), "5 minutes and 12 hours"),
    "token_max_age": (timedelta(days=1), timedelta(days=365), "1 and 365 days"),
    "cooling_off": (timedelta(0), timedelta(hours=2), "0 and 2 hours"),
}


@action(Permission.ORGANIZATION_CREATE)
def create_organization(
    *,
    actor: Actor,
    at: datetime,
    name: str,
    slug: str,
    founder_name: str,
    founder_email: str,
    security_contact: str,
) -> Organization:
    """Make a customer's workspace and keep a place for its first owner.

    The owner's set-up link is mailed by the reader of the log. Raises Invalid.
    """
    fields = _checked(
        name=name,
        slug=slug,
        founder_name=founder_name,
        founder_email=founder_email,
        security_contact=security_contact,
    )
    organization = _make(fields, at=at)
    _record_made(organization, actor)
    with organization_scope(organization.pk):
        founder = system_actor(organization)
        Policy.objects.create()
        _record_made(organization, founder)
        keep_place(
            actor=founder,
            at=at,
            email=fields["founder_email"],
            name=fields["founder_name"],
            role=BuiltInRole.OWNER,
            is_founding=True,
        )
    return organization


def install_vendor(*, name: str, slug: str, at: datetime) -> Organization:
    """Make the vendor's own organization; once an installation, by the command line only."""
    with transaction.atomic(), system_scope("create organization"):
        organization = Organization.objects.create(
            kind=Organization.Kind.VENDOR, name=name, slug=slug, created_at=at
        )
        with organization_scope(organization.pk):
            Policy.objects.create(
                session_idle=timedelta(minutes=15), session_absolute=timedelta(hours=8)
            )
            _record_made(organization, system_actor(organization))
    return organization


@action(Permission.POLICY_MANAGE, step_up=True)
def change_policy(policy: Policy, *, actor: Actor, version: int, **changes: Any) -> Policy:
    """Change named values of the policy; its author stays in. Raises StaleVersion, Invalid."""
    policy = Policy.objects.locked(policy.pk)
    if policy.version != version:
        raise StaleVersion("Somebody else changed the policy meanwhile. Look again, then decide.")
    if "default_role" in changes:
        _check_default_role(changes["default_role"], actor)
    before = {name: getattr(policy, name) for name in changes}
    for name, value in changes.items():
        setattr(policy, name, value)
    _check_limits(policy)
    _keep_author_in(policy, actor)
    changed = [name for name in changes if before[name] != getattr(policy, name)]
    if not changed:
        return policy
    policy.version += 1
    policy.save(update_fields=[*changed, "version"])
    record(
        EventName.POLICY_CHANGED,
        actor=actor,
        target=policy,
        before={name: str(before[name]) for name in changed},
        after={name: str(getattr(policy, name)) for name in changed},
    )
    return policy


def _checked(**given: str) -> dict[str, str]:
    addresses = ("founder_email", "security_contact")
    fields = {
        key: normalized(value) if key in addresses else value.strip()
        for key, value in given.items()
    }
    errors = {key: "This is needed." for key, value in fields.items() if not value}
    for key in addresses:
        if key not in errors and not _is_address(fields[key]):
            errors[key] = "Enter a full e-mail address, like name@example.com."
    if "slug" not in errors:
        errors.update(_slug_errors(fields["slug"]))
    if errors:
        raise Invalid("Some fields need another look.", errors)
    return fields


def _slug_errors(slug: str) -> dict[str, str]:
    try:
        SLUG(slug)
    except ValidationError as wrong:
        return {"slug": str(wrong.messages[0])}
    with system_scope("workspace address"):
        taken = Organization.objects.filter(slug=slug).exists()
    if slug in RESERVED_SLUGS or taken:
        return {"slug": "This address is taken. Choose another."}
    return {}


def _record_made(organization: Organization, actor: Actor) -> None:
    record(
        EventName.ORGANIZATION_CREATED,
        actor=actor,
        target=organization,
        slug=organization.slug,
        organization_name=organization.name,
    )


def _make(fields: dict[str, str], *, at: datetime) -> Organization:
    try:
        with transaction.atomic(), system_scope("create organization"):
            return Organization.objects.create(
                name=fields["name"],
                slug=fields["slug"],
                security_contact=fields["security_contact"],
                created_at=at,
            )
    except IntegrityError as taken:
        raise Invalid(
            "Some fields need another look.",
            {"slug": "This address is taken. Choose another."},
        ) from taken


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True


def _check_limits(policy: Policy) -> None:
    errors = {
        name: f"Between {said}."
        for name, (least, most, said) in LIMITS.items()
        if not least <= getattr(policy, name) <= most
    }
    if errors:
        raise Invalid("Some values are outside what the product allows.", errors)


def _check_default_role(role: str, actor: Actor) -> None:
    """Single sign-on hands this role out by itself: never the owner's, nor more than one holds."""
    chosen = known_role(role, actor.organization)
    if chosen == BuiltInRole.OWNER:
        raise Invalid(
            "Nobody becomes an owner by single sign-on.", {"default_role": "Choose another role."}
        )
    may_hand_out(permissions_of(chosen), actor=actor)


def _keep_author_in(policy: Policy, actor: Actor) -> None:
    entry = actor.entry
    if entry is None or entry.method != "password":
        return
    reason = password_lapse(policy, has_second_factor=entry.has_second_factor, at=now())
    if reason:
        raise Invalid("This change would lock you out of the workspace.", {"mfa_required": reason})
