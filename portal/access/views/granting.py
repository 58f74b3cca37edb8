"""Which teams see an integration or a single resource: shown whom it concerns, then given."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.access.views.previewing import Asked, previewed
from portal.catalog.actions import set_resource_access, set_team_access
from portal.catalog.forms import AccessForm
from portal.catalog.models import Integration
from portal.catalog.rules import Level
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

        def change() -> Any:
            return set_team_access(integration, actor=request.actor, team=team, level=level)

        asked = asked_about(
            team, level, integration.name, back=workspace_url(request, "integration-access", pk)
        )
        return given(request, asked, change=change)
    return _integration_page(request, integration, form)


def _integration_page(
    request: PortalRequest, integration: Integration, form: AccessForm
) -> HttpResponse:
    context = {
        "integration": integration,
        "form": form,
        "given": teams_of_integration(integration, request.actor),
        "tabs": tabs(request, integration, "integration-access"),
    }
    status = 422 if form.is_bound else 200
    return page(request, "catalog/integration_access.html", context, status=status)


@needs(set_resource_access.permission, methods=("POST",), refusal_to="resource-show")
def resource_access(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    resource = visible_resource(request, pk)
    form = AccessForm(request.POST, actor=request.actor)
    back = workspace_url(request, "resource-show", pk)
    if not form.is_valid():
        messages.error(request, _("Choose a team of this workspace and what it may do."))
        return redirect(back)
    team, level = form.cleaned_data["team"], form.cleaned_data["level"]

    def change() -> Any:
        return set_resource_access(resource, actor=request.actor, team=team, level=level)

    return given(request, asked_about(team, level, resource.name, back=back), change=change)


def asked_about(team: Team, level: str, name: str, *, back: str) -> Asked:
    """What is asked, in the words of the page that shows the effect."""
    words = {"team": team.name, "name": name}
    if not level:
        title = _("Take %(name)s away from %(team)s") % words
        return Asked(title=title, button=_("Take away"), back=back, is_grave=True)
    title = _("Give %(team)s access to %(name)s") % words
    also = ((_("They may"), (str(Level(level).label),)),)
    return Asked(title=title, button=_("Give access"), back=back, also=also)


def given(request: PortalRequest, asked: Asked, *, change: Callable[[], Any]) -> HttpResponse:
    """The effect, or what follows once that very effect was confirmed."""
    if (seen := previewed(request, asked, change=change)) is not None:
        return seen
    change()
    messages.success(request, _("Done: %(what)s.") % {"what": asked.title})
    return redirect(asked.back)
