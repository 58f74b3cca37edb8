"""Making an organization."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts.models import normalized
from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid
from tenants.access import Actor, action, system_actor
from tenants.actions.invitations import keep_place
from tenants.models import Organization, Policy
from tenants.models.organization import RESERVED_SLUGS, SLUG
from tenants.permissions import BuiltInRole, Permission
from tenants.scoping import organization_scope, system_scope


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
