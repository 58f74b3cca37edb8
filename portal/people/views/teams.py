"""Teams: the list, one team, and who is in it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid, NotPermitted
from portal.access.views.previewing import Asked, previewed
from portal.people.forms.teams import DescriptionForm, TeamForm
from portal.people.listing import TEAM_ORDER, may_join, places_in, teams_for
from portal.people.team_rights import ends_with, labels, may_change_rights
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.teams import (
    add_team_member,
    change_team,
    create_team,
    delete_team,
    describe_team,
    leads,
    remove_team_member,
    set_team_lead,
)
from tenants.models import Membership, Team
from tenants.permissions import Permission
from tenants.rights import known

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
    actor = request.actor
    may_manage = actor.may(Permission.TEAM_MANAGE)
    places = keyset(
        places_in(team),
        order=("membership__name", "id"),
        cursor=request.GET.get("cursor", ""),
    )
    is_in = team.pk in actor.team_ids
    may_place = may_manage or leads(actor, team)
    context = {
        "team": team,
        "page": places,
        "is_in": is_in,
        "may_join": not is_in and may_join(team, actor),
        "may_manage": may_manage,
        "may_place": may_place,
        "allows": labels(known(team.permissions)),
        "may_change_rights": may_change_rights(team, actor),
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


@needs(Permission.TEAM_VIEW, methods=BOTH)
def team_change(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Everything about it for those who manage teams; its leads say what it is for."""
    team = _found(request, pk)
    form = _form_for(request, team)
    if request.method == "POST" and form.is_valid():
        try:
            if isinstance(form, TeamForm):
                change_team(team, actor=request.actor, **form.cleaned_data)
            else:
                describe_team(team, actor=request.actor, **form.cleaned_data)
        except Invalid as refusal:
            form.take(refusal)
        else:
            return redirect(_show(request, team.pk))
    status = 422 if form.is_bound else 200
    return page(request, "people/team_form.html", {"form": form, "team": team}, status=status)


def _form_for(request: PortalRequest, team: Team) -> DescriptionForm:
    manages = request.actor.may(Permission.TEAM_MANAGE)
    if not manages and not leads(request.actor, team):
        raise NotPermitted(_("Only the leads of this team and admins may do this."))
    initial = {name: getattr(team, name) for name in ("name", "description", "visibility")}
    kind = TeamForm if manages else DescriptionForm
    return kind(request.POST or None, actor=request.actor, initial=initial)


@needs(delete_team.permission, methods=("POST",), refusal_to="team-show")
def team_delete(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Who loses what by it, then the end of the team."""
    team = _found(request, pk)

    def change() -> None:
        delete_team(team, actor=request.actor)

    asked = Asked(
        title=_("Delete the team %(name)s") % {"name": team},
        button=_("Delete the team"),
        back=_show(request, team.pk),
        is_grave=True,
        also=ends_with(team),
    )
    if (seen := previewed(request, asked, change=change)) is not None:
        return seen
    change()
    messages.success(request, _("The team %(name)s is gone.") % {"name": team.name})
    return redirect(workspace_url(request, "team-list"))


def _to_team(request: PortalRequest) -> str:
    match = request.resolver_match
    return workspace_url(request, "team-show", match.kwargs["pk"]) if match else ""


@needs(set_team_lead.permission, methods=("POST",), refusal_to=_to_team)
def team_member_lead(request: PortalRequest, pk: UUID, member: UUID) -> HttpResponse:
    team = _found(request, pk)
    membership = _in_team(team, member)
    is_lead = bool(request.POST.get("is_lead"))
    set_team_lead(team, actor=request.actor, membership=membership, is_lead=is_lead)
    said = _("%(name)s leads the team.") if is_lead else _("%(name)s no longer leads the team.")
    messages.success(request, said % {"name": membership})
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


def _in_team(team: Team, member: UUID) -> Membership:
    return get_object_or_404(Membership.objects.filter(places__team=team), pk=member)


def _own(request: PortalRequest) -> Membership:
    return get_object_or_404(Membership, pk=request.actor.id)


def _show(request: HttpRequest, pk: UUID) -> str:
    return workspace_url(request, "team-show", pk)
