"""The evidence of a period: looked through, sampled, and taken along as one file."""

from collections.abc import Sequence
from typing import cast

from django.http import FileResponse, HttpResponse
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.evidence.actions import export_evidence
from portal.evidence.bundle import build
from portal.evidence.period import Fact, Period, facts_of, leavers_in, requests_in, sample_in
from portal.evidence.period_forms import PeriodForm
from portal.tickets.models import Ticket
from portal.tickets.reporting import VERDICTS
from portal.tickets.showing import title_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission

SHOWN_LEAVERS = 100


@needs(Permission.AUDIT_VIEW)
def period_show(request: PortalRequest) -> HttpResponse:
    request.actor.require(Permission.TICKET_VIEW)
    form = PeriodForm(request.GET or None)
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        context |= _found(request, form.period())
    status = 422 if form.is_bound and form.errors else 200
    return page(request, "evidence/period.html", context, status=status)


@needs(export_evidence.permission)
def period_download(request: PortalRequest) -> HttpResponse:
    form = PeriodForm(request.GET)
    if not form.is_valid():
        errors = {name: [str(said) for said in all_] for name, all_ in form.errors.items()}
        raise Invalid(_("This period does not hold. Go back and correct it."), errors)
    period = form.period()
    export_evidence(actor=request.actor, period=period)
    made = build(period, actor=request.actor, at=request.at)
    name = f"{request.organization.slug}-evidence-{form.cleaned_data['from']}.zip"
    response = FileResponse(made, as_attachment=True, filename=name, content_type="application/zip")
    response.headers["Cache-Control"] = "no-store"
    return cast("HttpResponse", response)  # a file is sent as any answer is


def _found(request: PortalRequest, period: Period) -> dict[str, object]:
    rows = requests_in(period, request.actor)
    sampled = list(rows.filter(number__in=sample_in(period, request.actor)).order_by("id"))
    listed = keyset(rows, order=("id",), cursor=request.GET.get("cursor", ""))
    leavers = list(leavers_in(period, request.actor))
    return {
        "sample": _lines(request, sampled),
        "page": listed,
        "lines": _lines(request, list(listed.rows)),
        "total": rows.count(),
        "leavers": leavers[:SHOWN_LEAVERS],
        "leaver_count": len(leavers),
        "query": request.GET.urlencode(),
    }


def _lines(request: PortalRequest, tickets: Sequence[Ticket]) -> list[tuple[Fact, str, object]]:
    return [
        (fact, title_of(fact.ticket), VERDICTS[fact.verdict])
        for fact in facts_of(tickets, at=request.at)
    ]
