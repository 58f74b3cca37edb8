"""The catalogue: listing, download, one resource."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from portal.catalog.forms import AccessForm, ResourceFilter
from portal.catalog.listing import (
    Wanted,
    every_resource,
    integration_choices,
    resource_page,
    suggested,
)
from portal.catalog.models import Field, Metric, Resource
from portal.catalog.rules import LONGEST_NAME
from portal.catalog.showing import downstream, teams_of_resource, upstream
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import Page
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission

MOST_FIELDS = 10_000


@needs(Permission.CATALOG_VIEW)
def resource_list(request: PortalRequest, slug: str) -> HttpResponse:
    integrations = integration_choices(request.actor)
    form = ResourceFilter(request.GET, integrations=integrations)
    wanted = form.wanted()
    listing: Page[Resource] = Page([], "", "")
    if wanted is not None:
        listing = resource_page(request.actor, wanted, cursor=request.GET.get("cursor", ""))
    context = {
        "form": form,
        "page": listing,
        "is_narrow": wanted is None or wanted.is_narrow,
        "has_integrations": bool(integrations),
        "tag": wanted.tag if wanted else "",
    }
    return page(
        request, "catalog/resource_list.html", context, fragment="catalog/_resource_rows.html"
    )


@needs(Permission.CATALOG_VIEW)
def resource_suggest(request: PortalRequest, slug: str) -> HttpResponse:
    """Options for a field that names a resource, while it is typed."""
    rows = suggested(request.actor, request.GET.get("q", "")[:LONGEST_NAME])
    return page(
        request, "catalog/_suggested.html", {"rows": rows}, fragment="catalog/_suggested.html"
    )


@needs(Permission.CATALOG_VIEW)
def resource_export(request: PortalRequest, slug: str) -> HttpResponse:
    form = ResourceFilter(request.GET, integrations=integration_choices(request.actor))
    wanted: Wanted | None = form.wanted()
    header = [
        _("Name"), _("Kind"), _("Integration"), _("Database"), _("Schema"), _("Description"),
        _("Owner"), _("Tags"), _("Fields"), _("Key"), _("Found in fields"),
    ]  # fmt: skip
    rows = every_resource(request.actor, wanted) if wanted is not None else iter(())
    cells = (
        [
            row.name, row.kind, row.integration.name, row.database, row.schema, row.description,
            row.owner, ", ".join(row.tags), row.field_count, row.unique_key,
            ", ".join(row.found_fields),
        ]
        for row in rows
    )  # fmt: skip
    return csv_response("catalogue.csv", header, cells)


@needs(Permission.CATALOG_VIEW)
def resource_show(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    resource = visible_resource(request, pk)
    manages = request.actor.may(Permission.INTEGRATION_MANAGE)
    context = {
        "resource": resource,
        "fields": Field.objects.filter(resource=resource).order_by("position", "name")[
            :MOST_FIELDS
        ],
        "metrics": Metric.objects.filter(resource=resource).order_by("label", "name"),
        "upstream": upstream(resource, request.actor),
        "downstream": downstream(resource, request.actor),
        "given": teams_of_resource(resource, request.actor) if manages else [],
        "access": AccessForm(actor=request.actor) if manages else None,
    }
    return page(request, "catalog/resource_show.html", context)


def visible_resource(request: PortalRequest, pk: UUID) -> Resource:
    rows = Resource.objects.visible_to(request.actor).select_related("integration")
    return get_object_or_404(rows, pk=pk)
