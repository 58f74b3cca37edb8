"""Which teams see an integration or a single resource."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.catalog.actions import set_resource_access, set_team_access
from portal.catalog.forms import AccessForm
from portal.catalog.showing import teams_of_integration
from portal.catalog.views.integrations import visible_integration
from portal.catalog.views.resources import visible_resource
from portal.catalog.views.tabs import tabs
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.models import Team


@needs(set_team_access.permission, methods=("GET", "POST"), refusal_to="integration-access")
def integration_access(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    integration = visible_integration(request, pk)
    form = AccessForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        team, level = form.cleaned_data["team"], form.cleaned_data["level"]
        set_team_access(integration, actor=request.actor, team=team, level=level)
        messages.success(request, _said(team, level, integration.name))
        return redirect(workspace_url(request, "integration-access", pk))
    context = {
        "integration": integration,
        "form": form,
        "given": teams_of_integration(integration),
        "tabs": tabs(request, integration, "integration-access"),
    }
    status = 422 if form.is_bound else 200
    return page(request, "catalog/integration_access.html", context, status=status)


@needs(set_resource_access.permission, methods=("POST",), refusal_to="resource-show")
def resource_access(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    resource = visible_resource(request, pk)
    form = AccessForm(request.POST, actor=request.actor)
    if form.is_valid():
        team, level = form.cleaned_data["team"], form.cleaned_data["level"]
        set_resource_access(resource, actor=request.actor, team=team, level=level)
        messages.success(request, _said(team, level, resource.name))
    else:
        messages.error(request, _("Choose a team of this workspace and what it may do."))
    return redirect(workspace_url(request, "resource-show", pk))


def _said(team: Team, level: str, name: str) -> str:
    words = {"team": team.name, "name": name}
    if level:
        return _("%(team)s now sees %(name)s.") % words
    return _("%(team)s was taken off %(name)s.") % words
