"""What the pages of the catalogue show beside the rows themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Sum

from portal.catalog.models import (
    Dependency,
    Integration,
    Reach,
    Resource,
    TeamAccess,
    TeamResourceAccess,
)
from portal.catalog.rules import SCOPE_LABELS
from tenants.access import Actor
from tenants.models import Team
from tenants.permissions import Permission


@dataclass(frozen=True, slots=True)
class Given:
    """A team that sees something, how, and through what."""

    team: Team
    level: str
    level_label: str
    single: bool


@dataclass(frozen=True, slots=True)
class Size:
    resources: int
    fields: int


def sizes(actor: Actor, integrations: list[Integration]) -> dict[UUID, Size]:
    """How much of each integration this actor sees; for most it is not all of it."""
    if Reach.of(actor).every_integration:
        return {row.pk: Size(row.resource_count, row.field_count) for row in integrations}
    seen = Resource.objects.visible_to(actor).filter(integration__in=integrations)
    counted = seen.values("integration").annotate(n=Count("pk"), f=Sum("field_count"))
    found = {row["integration"]: Size(row["n"], row["f"] or 0) for row in counted}
    return {row.pk: found.get(row.pk, Size(0, 0)) for row in integrations}


def teams_of_integration(integration: Integration, actor: Actor) -> list[Given]:
    """Teams that see all of it, as far as this actor may know of them."""
    rows = TeamAccess.objects.filter(integration=integration).select_related("team")
    rows = rows.filter(team__in=Team.objects.visible_to(actor))
    return [_given(row, single=False) for row in rows.order_by("team__name", "pk")]


def teams_of_resource(resource: Resource, actor: Actor) -> list[Given]:
    """The teams one may know of that see it: by the whole integration, or by it alone."""
    known = Team.objects.visible_to(actor)
    whole = TeamAccess.objects.filter(integration=resource.integration_id, team__in=known)
    single = TeamResourceAccess.objects.filter(resource=resource, team__in=known)
    found = [_given(row, single=False) for row in whole.select_related("team")]
    found += [_given(row, single=True) for row in single.select_related("team")]
    return sorted(found, key=lambda given: (given.team.name.casefold(), given.single))


def upstream(resource: Resource, actor: Actor) -> list[Resource]:
    """What it is made from, as far as this actor may know of it."""
    keys = Dependency.objects.filter(resource=resource).values("upstream_key")
    rows = Resource.objects.visible_to(actor).filter(
        integration=resource.integration_id, unique_key__in=keys
    )
    return list(rows.by_name()[:200])


def downstream(resource: Resource, actor: Actor) -> list[Resource]:
    """What is made from it, as far as this actor may know of it."""
    users = Dependency.objects.filter(
        integration=resource.integration_id, upstream_key=resource.unique_key
    ).values("resource")
    return list(Resource.objects.visible_to(actor).filter(pk__in=users).by_name()[:200])


def scope_words(scopes: Iterable[str]) -> list[str]:
    """What an integration may do at its source, for people to read before they connect it."""
    return [str(SCOPE_LABELS[scope]) for scope in scopes if scope in SCOPE_LABELS]


def may_see_keys(actor: Actor) -> bool:
    """Where in a file an import failed names resources; not everybody may know them."""
    return actor.may(Permission.CATALOG_VIEW_ALL)


def _given(row: TeamAccess | TeamResourceAccess, *, single: bool) -> Given:
    return Given(row.team, row.level, str(row.get_level_display()), single)
