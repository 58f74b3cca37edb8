"""The report on requests by month."""

from django.http import HttpResponse
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.tickets.report_forms import ReportForm
from portal.tickets.reporting import cells, header, report_for, share_on_time, totals, years_of
from portal.tickets.views.listing import look_of
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.TICKET_VIEW)
def ticket_report(request: PortalRequest) -> HttpResponse:
    form = _form(request)
    asked = form.asked()
    lines = report_for(look_of(request), **asked) if asked is not None else []
    sums = totals(lines)
    context = {
        "form": form,
        "lines": lines,
        "sums": sums,
        "share": share_on_time(sums),
        "is_unknown": asked is None,
    }
    return page(request, "tickets/report.html", context, status=422 if asked is None else 200)


@needs(Permission.TICKET_VIEW)
def ticket_report_csv(request: PortalRequest) -> HttpResponse:
    asked = _form(request).asked()
    if asked is None:
        raise Invalid(_("This period is not known here. Choose it again on the page."))
    lines = report_for(look_of(request), **asked)
    return csv_response("requests-by-month.csv", header(), cells(lines))


def _form(request: PortalRequest) -> ReportForm:
    return ReportForm(request.GET, years=years_of(look_of(request)))
