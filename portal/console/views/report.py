"""The report on requests of all customers."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.console.reporting import customer_report, first_year
from portal.tickets.report_forms import ReportForm
from portal.tickets.reporting import cells, header, share_on_time, totals
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.CONSOLE_VIEW)
def envelope_report(request: PortalRequest) -> HttpResponse:
    form = _form(request)
    asked = form.asked()
    lines = customer_report(at=request.at, **asked) if asked is not None else []
    sums = totals(lines)
    context = {
        "form": form,
        "lines": lines,
        "sums": sums,
        "share": share_on_time(sums),
        "is_unknown": asked is None,
        "by_organization": True,
    }
    return page(request, "console/report.html", context, status=422 if asked is None else 200)


@needs(Permission.CONSOLE_VIEW)
def envelope_report_csv(request: PortalRequest) -> HttpResponse:
    asked = _form(request).asked()
    if asked is None:
        raise Invalid(_("This period is not known here. Choose it again on the page."))
    lines = cells(customer_report(at=request.at, **asked), with_organization=True)
    return csv_response("requests-by-customer.csv", header(with_organization=True), lines)


def _form(request: PortalRequest) -> ReportForm:
    years = list(range(request.at.year, first_year(request.at) - 1, -1))
    return ReportForm(request.GET, years=years)
