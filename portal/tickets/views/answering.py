"""The page of one step that waits for a person: what is asked, and the evidence."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.tickets.actions import Evidence, complete_step
from portal.tickets.forms import EvidenceForm
from portal.tickets.models import Step, Ticket
from portal.tickets.plans import title_of_step
from portal.tickets.showing import title_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url


def _request_page(request: PortalRequest) -> str:
    number = request.resolver_match.kwargs["number"] if request.resolver_match else ""
    return workspace_url(request, "ticket-show", number)


@needs(complete_step.permission, methods=("GET", "POST"), refusal_to=_request_page)
def step_answer(request: PortalRequest, number: str, pk: UUID) -> HttpResponse:
    rows = Ticket.objects.visible_to(request.actor)
    ticket: Ticket = get_object_or_404(rows, number=number)
    step: Step = get_object_or_404(Step.objects.filter(ticket=ticket), pk=pk)
    form = EvidenceForm(request.POST or None, initial={"version": ticket.version}, step=step)
    if request.method == "POST" and form.is_valid() and _done(request, step, form):
        messages.success(request, _("Noted. The request goes on."))
        return redirect(workspace_url(request, "ticket-show", number))
    context = {
        "ticket": ticket,
        "step": step,
        "title": title_of_step(ticket.kind, step),
        "about": title_of(ticket),
        "form": form,
    }
    status = 422 if form.is_bound else 200
    return page(request, "tickets/step.html", context, status=status)


def _done(request: PortalRequest, step: Step, form: EvidenceForm) -> bool:
    """False when the evidence does not hold; why stands beside its field."""
    given = form.cleaned_data
    try:
        complete_step(
            step,
            actor=request.actor,
            at=request.at,
            evidence=Evidence(given["evidence"], given["reference"]),
            version=given["version"],
        )
    except Invalid as invalid:
        form.take(invalid)
        return False
    return True
