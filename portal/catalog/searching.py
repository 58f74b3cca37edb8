"""Resources found from the search box: the same rows as the catalogue's own listing."""

from django.urls import reverse

from portal.catalog.listing import Wanted, resource_page
from portal.catalog.models import Integration
from portal.catalog.rules import search_words
from portal.ui.searching import Found
from tenants.access import Actor
from tenants.permissions import Permission


def search_resources(actor: Actor, text: str, limit: int) -> list[Found]:
    if not search_words(text):
        return []
    page = resource_page(actor, Wanted(text=text), size=limit)
    return [
        Found(
            title=row.name,
            url=reverse("resource-show", args=[actor.organization.slug, row.pk]),
            detail=row.description[:120] or row.integration.name,
        )
        for row in page.rows
    ]


def search_integrations(actor: Actor, text: str, limit: int) -> list[Found]:
    if not actor.may(Permission.INTEGRATION_VIEW) or "\x00" in text:
        return []
    rows = Integration.objects.visible_to(actor).filter(name__icontains=text.strip())
    return [
        Found(
            title=row.name,
            url=reverse("integration-show", args=[actor.organization.slug, row.pk]),
            detail=row.state_label,
        )
        for row in rows.order_by("name", "pk")[:limit]
    ]
