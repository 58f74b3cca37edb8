"""What membership of a team allows, and which integrations and resources it opens."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.access.views.granting import asked_about, given
from portal.access.views.previewing import Asked, previewed
from portal.catalog.actions import set_team_access
from portal.catalog.listing import suggested
from portal.catalog.models import Resource
from portal.people.forms.teams import TeamAccessForm, TeamPermissionsForm
from portal.people.team_rights import access_change, labels, opened_by
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.teams import set_team_permissions
from tenants.models import Team
from tenants.permissions import Permission
from tenants.rights import known

BOTH = ("GET", "POST")
OFFERED = 20
LONGEST_SEARCH = 100


@needs(set_team_permissions.permission, step_up=True, methods=BOTH, refusal_to="team-show")
def team_permissions_change(request: PortalRequest, pk: UUID) -> HttpResponse:
    """What it allows, then who gains and loses what, then the change."""
    request.actor.require(Permission.ROLE_MANAGE)
    team = _found(request, pk)
    initial = {"permissions": team.permissions, "version": team.version}
    form = TeamPermissionsForm(request.POST or None, actor=request.actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            return _previewed(request, team, form)
        except Invalid as refusal:
            form.take(refusal)
    status = 422 if form.is_bound else 200
    return page(
        request, "people/team_permissions.html", {"form": form, "team": team}, status=status
    )


def _previewed(request: PortalRequest, team: Team, form: TeamPermissionsForm) -> HttpResponse:
    wanted, version = form.cleaned_data["permissions"], form.cleaned_data["version"]

    def change() -> Team:
        return set_team_permissions(team, actor=request.actor, version=version, permissions=wanted)

    before, after = known(team.permissions), known(wanted)
    differing = ((_("Added"), after - before), (_("Taken away"), before - after))
    asked = Asked(
        title=_("Change what the team %(name)s allows") % {"name": team},
        button=_("Change permissions"),
        back=_show(request, team),
        also=tuple((heading, labels(which)) for heading, which in differing if which),
    )
    if (seen := previewed(request, asked, change=change)) is not None:
        return seen
    messages.success(request, _("What the team %(name)s allows was changed.") % {"name": change()})
    return redirect(asked.back)


@needs(set_team_access.permission, methods=BOTH, refusal_to="team-access")
def team_access(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Integrations and single resources that the team sees; each change shown before it is made."""
    team = _found(request, pk)
    form = TeamAccessForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        thing, level = form.thing(), form.cleaned_data["level"]
        back = workspace_url(request, "team-access", team.pk)
        change = access_change(team, thing, level, actor=request.actor)
        return given(request, asked_about(team, level, thing.name, back=back), change=change)
    text = request.GET.get("q", "")[:LONGEST_SEARCH].strip()
    opened, hidden = opened_by(team, request.actor)
    context = {
        "team": team,
        "form": form,
        "opened": opened,
        "hidden": hidden,
        "text": text,
        "found": _resources(request, text),
    }
    status = 422 if form.is_bound else 200
    return page(request, "people/team_access.html", context, status=status)


def _resources(request: PortalRequest, text: str) -> list[Resource]:
    return suggested(request.actor, text, size=OFFERED)


def _found(request: PortalRequest, pk: UUID) -> Team:
    return get_object_or_404(Team.objects.visible_to(request.actor), pk=pk)


def _show(request: PortalRequest, team: Team) -> str:
    return workspace_url(request, "team-show", team.pk)
