"""Integrations: list, overview, pause, run."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from portal.catalog.actions import pause_integration, resume_integration, run_integration
from portal.catalog.models import ImportRun, Integration, Resource
from portal.catalog.showing import may_see_keys, scope_words, sizes
from portal.catalog.views.tabs import tabs
from portal.catalog.warning_words import warning_words
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission

NAMES_SHOWN = 8


@needs(Permission.INTEGRATION_VIEW)
def integration_list(request: PortalRequest, slug: str) -> HttpResponse:
    rows = Integration.objects.visible_to(request.actor).select_related("owner")
    listing = keyset(rows, order=("name", "id"), cursor=request.GET.get("cursor", ""))
    seen = sizes(request.actor, list(listing.rows))
    cards = [{"integration": row, "size": seen[row.pk]} for row in listing.rows]
    return page(request, "catalog/integration_list.html", {"page": listing, "cards": cards})


@needs(Permission.INTEGRATION_VIEW)
def integration_show(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    integration = visible_integration(request, pk)
    seen = Resource.objects.visible_to(request.actor).filter(integration=integration)
    context = {
        "integration": integration,
        "size": sizes(request.actor, [integration])[integration.pk],
        "resources": seen.by_name()[:NAMES_SHOWN],
        "scopes": scope_words(integration.scopes),
        "warnings": _warnings(request, integration),
        "run": _latest_run(request, integration),
        "resources_url": f"{workspace_url(request, 'resource-list')}?integration={integration.pk}",
        "tabs": tabs(request, integration, "integration-show"),
    }
    return page(request, "catalog/integration_show.html", context)


@needs(pause_integration.permission, methods=("POST",), refusal_to="integration-show")
def integration_pause(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    integration = visible_integration(request, pk)
    pause_integration(integration, actor=request.actor, at=request.at)
    messages.success(request, _("Paused. Nothing is read from it until it is resumed."))
    return redirect(workspace_url(request, "integration-show", pk))


@needs(resume_integration.permission, methods=("POST",), refusal_to="integration-show")
def integration_resume(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    resume_integration(visible_integration(request, pk), actor=request.actor)
    messages.success(request, _("Resumed."))
    return redirect(workspace_url(request, "integration-show", pk))


@needs(run_integration.permission, methods=("POST",), refusal_to="integration-show")
def integration_run(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    integration = visible_integration(request, pk)
    run = run_integration(integration, actor=request.actor, at=request.at)
    return redirect(workspace_url(request, "import-show", pk, run.pk))


def _latest_run(request: PortalRequest, integration: Integration) -> ImportRun | None:
    runs = ImportRun.objects.visible_to(request.actor).filter(integration=integration)
    found: ImportRun | None = runs.select_related("started_by").order_by("-id").first()
    return found


def _warnings(request: PortalRequest, integration: Integration) -> list[str]:
    names = may_see_keys(request.actor)
    return [warning_words(warning, with_names=names) for warning in integration.warnings]


def visible_integration(request: PortalRequest, pk: UUID) -> Integration:
    rows = Integration.objects.visible_to(request.actor).select_related("owner")
    return get_object_or_404(rows, pk=pk)
