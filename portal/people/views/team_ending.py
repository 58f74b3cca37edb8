"""The end of a whole team's access: who loses what and owns what first, then the button."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.access.showing import shown_effect
from portal.people.team_ending import foresee_team_end
from portal.tickets.actions import file_team_revocation
from portal.tickets.forms import RevocationForm
from portal.tickets.models import Ticket
from portal.tickets.rules import Status
from portal.tickets.team_revoking import revoke_team
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.models import Team


@needs(
    file_team_revocation.permission,
    step_up=True,
    methods=("GET", "POST"),
    refusal_to="team-show",
)
def team_revoke(request: PortalRequest, pk: UUID) -> HttpResponse:
    team = get_object_or_404(Team.objects.visible_to(request.actor), pk=pk)
    form = RevocationForm(request.POST if request.method == "POST" else None)
    ticket = _revoked(request, form, team) if form.is_valid() else None
    if ticket is not None:
        return redirect(workspace_url(request, "ticket-show", ticket.number))
    end = foresee_team_end(team, actor=request.actor, at=request.at)
    context = {
        "team": team,
        "form": form,
        "end": end,
        "effect": shown_effect(end.effect, request.actor),
    }
    return page(request, "people/team_revoke.html", context, status=422 if form.is_bound else 200)


def _revoked(request: PortalRequest, form: RevocationForm, team: Team) -> Ticket | None:
    """The filed request; a time that does not fit is said next to its field instead."""
    given = form.cleaned_data
    try:
        ticket = revoke_team(
            team,
            actor=request.actor,
            at=request.at,
            reason=given["reason"],
            effective_at=given["effective_at"],
            # Nothing was shown, nothing is done.
            expected=request.POST.get("shown") or "nobody",
        )
    except Invalid as invalid:
        for field, said in invalid.errors.items():
            form.add_error(field if field in form.fields else None, said)
        return None
    words = (
        _("%(number)s blocks the access of the team at the time you chose.")
        if ticket.status == Status.SCHEDULED
        else _("Access of the team is blocked. %(number)s cleans up and proves it for each.")
    )
    messages.success(request, words % {"number": ticket.number})
    return ticket
