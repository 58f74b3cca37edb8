"""The report on diagnostic access of all customers."""

from django.http import HttpResponse

from portal.console.measuring import all_measures
from portal.grants.measure_forms import PeriodForm
from portal.grants.measuring import SHOWN, cells, header, months
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.CONSOLE_VIEW)
def staff_access_report(request: PortalRequest) -> HttpResponse:
    form = PeriodForm(request.GET, at=request.at)
    found = all_measures(at=request.at, year=form.chosen()) if form.is_valid() else []
    context = {"form": form, "months": months(found), "measures": found[:SHOWN]}
    status = 200 if form.is_valid() else 422
    return page(request, "console/access_report.html", context, status=status)


@needs(Permission.CONSOLE_VIEW)
def staff_access_report_csv(request: PortalRequest) -> HttpResponse:
    form = PeriodForm(request.GET, at=request.at)
    found = all_measures(at=request.at, year=form.chosen())
    return csv_response("diagnostic-access-by-customer.csv", header(), cells(found))
