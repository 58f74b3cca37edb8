"""What the commands that ask about access share: whose workspace, which resource, which person."""

from uuid import UUID

from django.core.management.base import CommandError
from django.db.models import Q

from portal.access.questions import Path
from portal.catalog.models import Resource
from portal.catalog.models.resources import ResourceQuerySet
from tenants.models import Membership, Organization
from tenants.resolving import organization_of_slug

# Exit code of a question that names nothing, or more than one thing.
UNKNOWN = 2
NAMED = 10


def asked_organization(slug: str) -> Organization:
    organization = organization_of_slug(slug)
    if organization is None:
        raise CommandError(f"There is no organization {slug!r}.", returncode=UNKNOWN)
    return organization


def asked_resource(given: str, rows: ResourceQuerySet) -> Resource:
    """By id, else by name or by the key its source gives it, where only one is meant."""
    try:
        wanted = Q(pk=UUID(given))
    except ValueError:
        wanted = Q(name=given) | Q(unique_key=given)
    found = list(rows.filter(wanted).select_related("integration").by_name()[: NAMED + 1])
    if not found:
        raise CommandError(f"There is no resource {given!r}.", returncode=UNKNOWN)
    if len(found) > 1:
        meant = "\n".join(f"  {row.pk} {row.path} in {row.integration}" for row in found[:NAMED])
        said = f"Several resources are called {given!r}; name one by its id:\n{meant}"
        raise CommandError(said, returncode=UNKNOWN)
    return found[0]


def asked_member(email: str) -> Membership:
    rows = Membership.objects.filter(email__iexact=email.strip()).select_related("custom_role")
    # One address may have left and come back; who is there now is meant first.
    gone = Q(status=Membership.Status.REVOKED)
    latest = rows.order_by("-joined_at", "pk")
    member: Membership | None = latest.exclude(gone).first() or latest.filter(gone).first()
    if member is None:
        raise CommandError(f"There is no member {email!r}.", returncode=UNKNOWN)
    return member


def through(paths: list[Path]) -> str:
    return ", ".join(path.text for path in paths)
