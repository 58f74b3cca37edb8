"""The customer's report on diagnostic access: how fast it was decided, how much it was used."""

from django.http import HttpResponse

from portal.grants.measure_forms import PeriodForm
from portal.grants.measuring import SHOWN, cells, header, measures, months, own_sources
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.GRANT_VIEW)
def access_report(request: PortalRequest, slug: str) -> HttpResponse:
    form = PeriodForm(request.GET, at=request.at)
    found = (
        measures(own_sources(request.actor), at=request.at, year=form.chosen())
        if form.is_valid()
        else []
    )
    context = {"form": form, "months": months(found), "measures": found[:SHOWN]}
    status = 200 if form.is_valid() else 422
    return page(request, "grants/access_report.html", context, status=status)


@needs(Permission.GRANT_VIEW)
def access_report_csv(request: PortalRequest, slug: str) -> HttpResponse:
    form = PeriodForm(request.GET, at=request.at)
    found = measures(own_sources(request.actor), at=request.at, year=form.chosen())
    return csv_response(f"{slug}-diagnostic-access.csv", header(), cells(found))
