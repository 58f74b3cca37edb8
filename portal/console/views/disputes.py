"""Disputed reads as a support lead answers them, and what one saw oneself."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from portal.console.views.using import grant_of
from portal.grants.across_disputes import dispute_page
from portal.grants.actions.disputing import answer_dispute
from portal.grants.dispute_forms import AnswerForm
from portal.grants.models import Dispute
from portal.grants.numbering import numbered_by_case
from portal.grants.rules import DisputeStatus
from portal.grants.staff import visiting
from portal.grants.statements import records_of, use_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest
from tenants.access import Actor
from tenants.permissions import Permission


@needs(answer_dispute.permission)
def staff_dispute_list(request: PortalRequest) -> HttpResponse:
    status = request.GET.get("status", DisputeStatus.OPEN)
    if status not in DisputeStatus.values:
        raise Http404
    found = dispute_page(request.actor, status=status, cursor=request.GET.get("cursor", ""))
    tabs = [
        {"url": f"?status={key}", "label": label, "current": key == status}
        for key, label in DisputeStatus.choices
    ]
    return page(request, "console/dispute_list.html", {"page": found, "tabs": tabs})


@needs(answer_dispute.permission)
def staff_dispute_show(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        return _shown(request, visitor, dispute=_dispute(visitor, reference), form=AnswerForm())


@needs(answer_dispute.permission, methods=("POST",), refusal_to="staff-dispute-show")
def staff_dispute_answer(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    form = AnswerForm(request.POST)
    with visiting(request.actor, slug) as visitor:
        dispute = _dispute(visitor, reference)
        if not form.is_valid():
            return _shown(request, visitor, dispute=dispute, form=form)
        answer_dispute(dispute, actor=visitor, at=request.at, answer=form.cleaned_data["answer"])
    messages.success(request, _("Answered. The customer has been told."))
    return redirect("staff-dispute-show", slug, reference)


@needs(Permission.GRANT_VIEW)
def staff_statement(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    """What was read under a grant, by kind and id: names are the customer's metadata."""
    with visiting(request.actor, slug) as visitor:
        grant = grant_of(visitor, reference)
        listing = keyset(records_of(grant), order=("-id",), cursor=request.GET.get("cursor", ""))
        context = {
            "organization": visitor.organization,
            "grant": grant,
            "use": use_of(grant, request.at),
            "page": listing,
        }
    return page(request, "console/statement.html", context)


def _shown(
    request: PortalRequest, visitor: Actor, *, dispute: Dispute, form: AnswerForm
) -> HttpResponse:
    context = {
        "organization": visitor.organization,
        "dispute": dispute,
        "form": form,
        "is_own": dispute.grant.staff_id == visitor.id,
        "is_late": dispute.is_late(request.at),
    }
    status = 422 if form.is_bound else 200
    return page(request, "console/dispute_show.html", context, status=status)


def _dispute(visitor: Actor, reference: str) -> Dispute:
    rows = Dispute.objects.visible_to(visitor).select_related("case", "grant", "record")
    dispute: Dispute = get_object_or_404(numbered_by_case(rows, reference))
    return dispute
