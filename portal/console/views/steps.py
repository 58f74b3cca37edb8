"""The vendor's steps by hand: the list, one step, and what was done about it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.console.steps import shown, vendor_steps, visiting_step
from portal.tickets.actions import (
    Evidence,
    answer_vendor_step,
    open_vendor_step,
    take_vendor_step,
)
from portal.tickets.forms import EvidenceForm
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest


def _list(_request: PortalRequest) -> str:
    """Where a step that somebody else answered meanwhile is gone from."""
    return reverse("vendor-step-list")


@needs(open_vendor_step.permission)
def vendor_step_list(request: PortalRequest) -> HttpResponse:
    return page(request, "console/step_list.html", {"rows": vendor_steps()})


@needs(open_vendor_step.permission)
def vendor_step_show(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Each opening is an event of the customer's log."""
    with visiting_step(request.actor, pk) as (visitor, step):
        open_vendor_step(step, actor=visitor)
        context = {"step": shown(step), "form": EvidenceForm(step=step)}
        return page(request, "console/step_show.html", context)


@needs(take_vendor_step.permission, methods=("POST",), refusal_to="vendor-step-show")
def vendor_step_take(request: PortalRequest, pk: UUID) -> HttpResponse:
    with visiting_step(request.actor, pk) as (visitor, step):
        take_vendor_step(step, actor=visitor)
    messages.success(request, _("The step is yours."))
    return redirect("vendor-step-show", pk)


@needs(answer_vendor_step.permission, methods=("POST",), refusal_to=_list)
def vendor_step_answer(request: PortalRequest, pk: UUID) -> HttpResponse:
    with visiting_step(request.actor, pk) as (visitor, step):
        form = EvidenceForm(request.POST, step=step)
        if form.is_valid():
            given = Evidence(form.cleaned_data["evidence"], form.cleaned_data["reference"])
            try:
                answer_vendor_step(step, actor=visitor, at=request.at, evidence=given)
            except Invalid as invalid:
                form.take(invalid)
            else:
                messages.success(request, _("Noted. The request goes on."))
                return redirect("vendor-step-list")
        context = {"step": shown(step), "form": form}
        return page(request, "console/step_show.html", context, status=422)
