"""What the commands that ask about access share: which resource, which person."""

from uuid import UUID

from django.db.models import Q

from portal.access.questions import Path
from portal.catalog.models import Resource
from portal.catalog.models.resources import ResourceQuerySet
from tenants.commanding import echoed, printable, unusable
from tenants.models import Membership
from tenants.models.membership import MembershipQuerySet

NAMED = 10


def asked_resource(given: str, rows: ResourceQuerySet) -> Resource:
    """By id, else by name or by the key its source gives it, where only one is meant."""
    try:
        wanted = Q(pk=UUID(given))
    except ValueError:
        wanted = Q(name=given) | Q(unique_key=given)
    found = list(rows.filter(wanted).select_related("integration").by_name()[: NAMED + 1])
    if not found:
        unusable(f"There is no resource {echoed(given)}.")
    if len(found) > 1:
        meant = "\n".join(f"  {row.pk} {row.path} in {row.integration}" for row in found[:NAMED])
        said = f"Several resources are called {echoed(given)}; name one by its id:\n{meant}"
        unusable(printable(said))
    return found[0]


def asked_member(given: str, seen: MembershipQuerySet) -> Membership:
    """By e-mail address or id, among these."""
    rows = seen.select_related("custom_role", "organization")
    try:
        wanted = Q(pk=UUID(given))
    except ValueError:
        wanted = Q(email__iexact=given.strip())
    # One address may have left and come back; who is there now is meant first.
    gone = Q(status=Membership.Status.REVOKED)
    latest = rows.filter(wanted).order_by("-joined_at", "pk")
    member: Membership | None = latest.exclude(gone).first() or latest.filter(gone).first()
    if member is None:
        unusable(f"There is no member {echoed(given)}.")
    return member


def through(paths: list[Path]) -> str:
    return ", ".join(path.text for path in paths)
