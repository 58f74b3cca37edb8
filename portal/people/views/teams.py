"""Teams: the list, one team, and who is in it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.people.forms.teams import PlaceForm, TeamForm
from portal.people.listing import TEAM_ORDER, places_in, teams_for
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.teams import (
    add_team_member,
    change_team,
    create_team,
    delete_team,
    remove_team_member,
)
from tenants.models import Membership, Team
from tenants.permissions import Permission

BOTH = ("GET", "POST")


@needs(Permission.TEAM_VIEW)
def team_list(request: PortalRequest) -> HttpResponse:
    rows = teams_for(request.actor)
    context = {
        "page": keyset(rows, order=TEAM_ORDER, cursor=request.GET.get("cursor", "")),
        "own": request.actor.team_ids,
    }
    return page(request, "people/team_list.html", context)


@needs(Permission.TEAM_VIEW)
def team_show(request: PortalRequest, pk: UUID) -> HttpResponse:
    team = get_object_or_404(teams_for(request.actor), pk=pk)
    may_manage = request.actor.may(Permission.TEAM_MANAGE)
    places = keyset(
        places_in(team),
        order=("membership__name", "id"),
        cursor=request.GET.get("cursor", ""),
    )
    context = {
        "team": team,
        "page": places,
        "is_in": team.pk in request.actor.team_ids,
        "form": PlaceForm(actor=request.actor, team=team) if may_manage else None,
    }
    return page(request, "people/team_show.html", context)


@needs(create_team.permission, methods=BOTH)
def team_new(request: PortalRequest) -> HttpResponse:
    initial = {"visibility": Team.Visibility.PUBLIC}
    form = TeamForm(request.POST or None, actor=request.actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            team = create_team(actor=request.actor, at=request.at, **form.cleaned_data)
        except Invalid as refusal:
            form.take(refusal)
        else:
            messages.success(request, _("The team %(name)s is there.") % {"name": team.name})
            return redirect(_show(request, team.pk))
    status = 422 if form.is_bound else 200
    return page(request, "people/team_form.html", {"form": form}, status=status)


@needs(change_team.permission, methods=BOTH)
def team_change(request: PortalRequest, pk: UUID) -> HttpResponse:
    team = _found(request, pk)
    initial = {
        "name": team.name,
        "description": team.description,
        "visibility": team.visibility,
    }
    form = TeamForm(request.POST or None, actor=request.actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_team(team, actor=request.actor, **form.cleaned_data)
        except Invalid as refusal:
            form.take(refusal)
        else:
            return redirect(_show(request, team.pk))
    status = 422 if form.is_bound else 200
    return page(request, "people/team_form.html", {"form": form, "team": team}, status=status)


@needs(delete_team.permission, methods=("POST",), refusal_to="team-show")
def team_delete(request: PortalRequest, pk: UUID) -> HttpResponse:
    team = _found(request, pk)
    delete_team(team, actor=request.actor)
    messages.success(request, _("The team %(name)s is gone.") % {"name": team.name})
    return redirect(workspace_url(request, "team-list"))


@needs(Permission.TEAM_MANAGE, methods=("POST",), refusal_to="team-show")
def team_member_add(request: PortalRequest, pk: UUID) -> HttpResponse:
    team = _found(request, pk)
    form = PlaceForm(request.POST, actor=request.actor, team=team)
    if form.is_valid():
        member = form.cleaned_data["member"]
        lead = form.cleaned_data["is_lead"]
        add_team_member(team, actor=request.actor, membership=member, is_lead=lead)
        messages.success(request, _("%(name)s is in the team.") % {"name": member})
    else:
        messages.error(request, _("Choose a member who is not in the team yet."))
    return redirect(_show(request, team.pk))


@needs(Permission.TEAM_MANAGE, methods=("POST",))
def team_member_remove(request: PortalRequest, pk: UUID, member: UUID) -> HttpResponse:
    team = _found(request, pk)
    membership = get_object_or_404(Membership.objects.filter(places__team=team), pk=member)
    remove_team_member(team, actor=request.actor, membership=membership)
    messages.success(request, _("%(name)s is no longer in the team.") % {"name": membership})
    return redirect(_show(request, team.pk))


@needs(Permission.TEAM_VIEW, methods=("POST",), refusal_to="team-show")
def team_join(request: PortalRequest, pk: UUID) -> HttpResponse:
    team = _found(request, pk)
    add_team_member(team, actor=request.actor, membership=_own(request))
    messages.success(request, _("You are in the team."))
    return redirect(_show(request, team.pk))


@needs(Permission.TEAM_VIEW, methods=("POST",), refusal_to="team-show")
def team_leave(request: PortalRequest, pk: UUID) -> HttpResponse:
    team = _found(request, pk)
    remove_team_member(team, actor=request.actor, membership=_own(request))
    messages.success(request, _("You left the team %(name)s.") % {"name": team.name})
    return redirect(workspace_url(request, "team-list"))


def _found(request: PortalRequest, pk: UUID) -> Team:
    return get_object_or_404(Team.objects.visible_to(request.actor), pk=pk)


def _own(request: PortalRequest) -> Membership:
    return get_object_or_404(Membership, pk=request.actor.id)


def _show(request: HttpRequest, pk: UUID) -> str:
    return workspace_url(request, "team-show", pk)
