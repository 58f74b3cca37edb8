"""Integrations: list, connect, overview, settings, pause."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.catalog.actions import (
    change_integration,
    create_integration,
    pause_integration,
    resume_integration,
)
from portal.catalog.forms import IntegrationForm, SettingsForm
from portal.catalog.models import Integration, Resource
from portal.catalog.rules import SCOPE_LABELS, SCOPES, IntegrationKind
from portal.catalog.showing import sizes
from portal.catalog.views.tabs import tabs
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


@needs(create_integration.permission, methods=("GET", "POST"))
def integration_new(request: PortalRequest, slug: str) -> HttpResponse:
    form = IntegrationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_integration(actor=request.actor, at=request.at, **form.cleaned_data)
        except Invalid as refusal:
            form.add_error(None, refusal.message)
            for field, said in refusal.errors.items():
                form.add_error(field, said)
        else:
            messages.success(request, _("Connected. Now upload its two files."))
            return redirect(workspace_url(request, "import-list", made.pk))
    scopes = [SCOPE_LABELS[scope] for scope in SCOPES[IntegrationKind.DBT_ARTIFACTS]]
    context = {"form": form, "scopes": scopes}
    status = 422 if form.is_bound else 200
    return page(request, "catalog/integration_new.html", context, status=status)


@needs(Permission.INTEGRATION_VIEW)
def integration_show(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    integration = visible_integration(request, pk)
    seen = Resource.objects.visible_to(request.actor).filter(integration=integration)
    context = {
        "integration": integration,
        "size": sizes(request.actor, [integration])[integration.pk],
        "resources": seen.by_name()[:NAMES_SHOWN],
        "scopes": [SCOPE_LABELS[scope] for scope in integration.scopes if scope in SCOPE_LABELS],
        "resources_url": f"{workspace_url(request, 'resource-list')}?integration={integration.pk}",
        "tabs": tabs(request, integration, "integration-show"),
    }
    return page(request, "catalog/integration_show.html", context)


@needs(change_integration.permission, methods=("GET", "POST"))
def integration_change(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    integration = visible_integration(request, pk)
    first = {"name": integration.name, "owner": integration.owner_id}
    form = SettingsForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        try:
            change_integration(integration, actor=request.actor, **form.cleaned_data)
        except Invalid as refusal:
            form.add_error("name", refusal.errors.get("name", [refusal.message]))
        else:
            messages.success(request, _("Saved."))
            return redirect(workspace_url(request, "integration-show", pk))
    here = tabs(request, integration, "integration-change")
    context = {"integration": integration, "form": form, "tabs": here}
    status = 422 if form.is_bound else 200
    return page(request, "catalog/integration_change.html", context, status=status)


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


def visible_integration(request: PortalRequest, pk: UUID) -> Integration:
    rows = Integration.objects.visible_to(request.actor).select_related("owner")
    return get_object_or_404(rows, pk=pk)
