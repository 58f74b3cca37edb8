"""Several people into a team or out of it: chosen, shown what changes for whom, then done."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.refusals import NotPermitted
from portal.access.showing import shown_effect
from portal.people.actions.many import PreviewOvertaken, change_places
from portal.people.bulk import MOST, Change, Do, foresee
from portal.people.forms.teams import PeopleForm
from portal.people.team_people import Stray, found_by, offered, those_in
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.teams import leads
from tenants.models import Membership, Team
from tenants.permissions import Permission

LONGEST_SEARCH = 100
# What was asked goes with the preview, to be asked again word for word.
CARRIED = ("member", "addresses")


@needs(Permission.TEAM_VIEW, methods=("GET", "POST"), refusal_to="team-show")
def team_people(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Ticked in a search, or pasted as addresses."""
    team = _placed_by(request, pk)
    form = PeopleForm(request.POST or None)
    if request.method == "GET" or "search" in request.POST or not form.is_valid():
        return _choose(request, team, form)
    found = found_by(_ticked(request), form.cleaned_data["addresses"], request.actor)
    if not found.people and not found.strays:
        messages.error(request, _("Choose at least one person first."))
        return _choose(request, team, form, status=422)
    return _go_on(request, Change(Do.TEAM_ADD, team), found.people, strays=found.strays)


@needs(Permission.TEAM_VIEW, methods=("POST",), refusal_to="team-show")
def team_people_remove(request: PortalRequest, pk: UUID) -> HttpResponse:
    team = _placed_by(request, pk)
    people = those_in(team, _ticked(request))
    if not people:
        messages.error(request, _("Choose at least one person first."))
        return redirect(workspace_url(request, "team-show", team.pk))
    return _go_on(request, Change(Do.TEAM_REMOVE, team), people)


def _placed_by(request: PortalRequest, pk: UUID) -> Team:
    """The team, for those who may decide who is in it."""
    team = get_object_or_404(Team.objects.visible_to(request.actor), pk=pk)
    if not request.actor.may(Permission.TEAM_MANAGE) and not leads(request.actor, team):
        raise NotPermitted(_("Only the leads of this team and admins may do this."))
    return team


def _ticked(request: PortalRequest) -> set[UUID]:
    found = set()
    for text in request.POST.getlist("member")[: MOST + 1]:
        try:
            found.add(UUID(text))
        except ValueError:
            continue
    return found


def _choose(
    request: PortalRequest, team: Team, form: PeopleForm, *, status: int = 200
) -> HttpResponse:
    text = request.POST.get("q", "")[:LONGEST_SEARCH].strip()
    ticked = _ticked(request)
    context = {
        "team": team,
        "form": form,
        "text": text,
        "ticked": ticked,
        "people": offered(team, text, request.actor, chosen=ticked),
    }
    if form.is_bound and not form.is_valid():
        status = 422
    return page(request, "people/team_people.html", context, status=status)


def _go_on(
    request: PortalRequest,
    change: Change,
    people: Sequence[Membership],
    *,
    strays: Sequence[Stray] = (),
) -> HttpResponse:
    digest = request.POST.get("digest", "")
    status = 200
    if "commit" in request.POST and people:
        try:
            outcome = change_places(
                people, change, actor=request.actor, at=request.at, digest=digest
            )
        except PreviewOvertaken as overtaken:
            messages.error(request, overtaken.message)
            status = 409
        else:
            messages.success(request, _said(change, len(outcome.done)))
            team = change.team.pk if change.team else None
            return redirect(workspace_url(request, "team-show", team))
    outcome = foresee(people, change, actor=request.actor, at=request.at)
    context = {
        "team": change.team,
        "outcome": outcome,
        "strays": strays,
        "effect": shown_effect(outcome.effect, request.actor, most=MOST),
        "carried": [(name, text) for name in CARRIED for text in request.POST.getlist(name)],
    }
    return page(request, "people/team_people_preview.html", context, status=status)


def _said(change: Change, n: int) -> str:
    if change.do == Do.TEAM_ADD:
        said = ngettext("%(n)d person came into %(team)s.", "%(n)d people came into %(team)s.", n)
    else:
        said = ngettext("%(n)d person left %(team)s.", "%(n)d people left %(team)s.", n)
    return said % {"n": n, "team": change.team}
