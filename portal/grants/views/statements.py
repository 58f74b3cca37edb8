"""The statement of everything seen under a grant, and the dispute of a row of it."""

import json
from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Refusal
from portal.grants.actions.disputing import close_dispute, open_dispute
from portal.grants.dispute_forms import DisputeForm
from portal.grants.models import AccessRecord, Dispute, Grant
from portal.grants.numbering import numbered_by_case
from portal.grants.showing import card
from portal.grants.statements import cells, header, records_of, signed_statement, use_of
from portal.grants.views.grants import grant_of
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission


@needs(Permission.GRANT_VIEW)
def record_list(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    grant = grant_of(request, reference)
    disputes = Dispute.objects.select_related("case").order_by("-id")
    rows = records_of(grant).prefetch_related(Prefetch("disputes", disputes))
    listing = keyset(rows, order=("-id",), cursor=request.GET.get("cursor", ""))
    context = {
        "grant": grant,
        "card": card(grant, request.at),
        "use": use_of(grant, request.at),
        "page": listing,
        "may_dispute": request.actor.may(Permission.GRANT_DECIDE),
    }
    return page(request, "grants/record_list.html", context)


@needs(Permission.GRANT_VIEW)
def statement_csv(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    grant = grant_of(request, reference)
    return csv_response(f"{_name(request, grant)}.csv", header(), cells(grant))


@needs(Permission.GRANT_VIEW)
def statement_json(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    grant = grant_of(request, reference)
    text = json.dumps(signed_statement(grant, at=request.at), ensure_ascii=False, indent=1)
    return HttpResponse(
        text,
        content_type="application/json",
        headers={
            "Content-Disposition": f'attachment; filename="{_name(request, grant)}.json"',
            "Cache-Control": "no-store",
        },
    )


@needs(open_dispute.permission, methods=("GET", "POST"))
def dispute_open(
    request: PortalRequest, slug: str, reference: str, *, record_id: UUID
) -> HttpResponse:
    grant = grant_of(request, reference)
    read: AccessRecord = get_object_or_404(records_of(grant), pk=record_id)
    form = DisputeForm(request.POST or None)
    if form.is_valid():
        made = _disputed(request, read, form)
        if made is not None:
            messages.success(
                request, _("%(case)s is with the vendor's lead.") % {"case": made.case.reference}
            )
            return redirect(workspace_url(request, "dispute-show", made.case.reference))
    context = {"grant": grant, "read": read, "form": form}
    status = 422 if form.is_bound else 200
    return page(request, "grants/dispute_open.html", context, status=status)


@needs(Permission.GRANT_VIEW)
def dispute_list(request: PortalRequest, slug: str) -> HttpResponse:
    rows = Dispute.objects.visible_to(request.actor).select_related("case", "grant", "record")
    listing = keyset(rows, order=("-id",), cursor=request.GET.get("cursor", ""))
    return page(request, "grants/dispute_list.html", {"page": listing})


@needs(Permission.GRANT_VIEW)
def dispute_show(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    context = {
        "dispute": _dispute(request, reference),
        "closes": request.actor.may(Permission.GRANT_DECIDE),
    }
    return page(request, "grants/dispute_show.html", context)


@needs(close_dispute.permission, methods=("POST",), refusal_to="dispute-show")
def dispute_close(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    dispute = close_dispute(_dispute(request, reference), actor=request.actor, at=request.at)
    said = _("%(case)s is closed.") % {"case": dispute.case.reference}
    messages.success(request, said)
    return redirect(workspace_url(request, "dispute-show", reference))


def _disputed(request: PortalRequest, read: AccessRecord, form: DisputeForm) -> Dispute | None:
    try:
        return open_dispute(
            read, actor=request.actor, at=request.at, reason=form.cleaned_data["reason"]
        )
    except Refusal as refusal:
        form.add_error(None, refusal.message)
        return None


def _dispute(request: PortalRequest, reference: str) -> Dispute:
    rows = Dispute.objects.visible_to(request.actor).select_related("case", "grant", "record")
    dispute: Dispute = get_object_or_404(numbered_by_case(rows, reference))
    return dispute


def _name(request: PortalRequest, grant: Grant) -> str:
    return f"{request.organization.slug}-{grant.reference}-statement"
