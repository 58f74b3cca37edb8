"""The list of requests, and its spreadsheet."""

from collections.abc import Iterator
from datetime import datetime

from django.http import HttpResponse
from django.utils.translation import gettext as _

from portal.tickets import rules
from portal.tickets.forms import FilterForm
from portal.tickets.models import Ticket
from portal.tickets.models.ticket import TicketQuerySet
from portal.tickets.rules import Status
from portal.tickets.showing import title_of
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.TICKET_VIEW)
def ticket_list(request: PortalRequest) -> HttpResponse:
    form = FilterForm(request.GET or None)
    rows = filtered(request, form)
    listing = keyset(rows, order=("-id",), cursor=request.GET.get("cursor", ""))
    everything = Ticket.objects.visible_to(request.actor)
    context = {
        "form": form,
        "page": listing,
        "tickets": [(ticket, title_of(ticket)) for ticket in listing.rows],
        "late": everything.still_open().late(request.at).order_by("due_at")[:3],
        "is_filtered": any(request.GET.get(name) for name in ("kind", "view", "cursor")),
    }
    return page(request, "tickets/list.html", context, fragment="tickets/_table.html")


@needs(Permission.TICKET_VIEW)
def ticket_export(request: PortalRequest) -> HttpResponse:
    rows = filtered(request, FilterForm(request.GET or None)).order_by("-id")
    return csv_response("requests.csv", _header(), _cells(rows, request.at))


def filtered(request: PortalRequest, form: FilterForm) -> TicketQuerySet:
    """The rows the filter leaves; values that are not known leave everything."""
    rows: TicketQuerySet = Ticket.objects.visible_to(request.actor)
    if not form.is_valid():
        return rows
    if form.cleaned_data["kind"]:
        rows = rows.filter(kind=form.cleaned_data["kind"])
    return _narrowed(rows, form.cleaned_data["view"], request.at)


def _narrowed(rows: TicketQuerySet, view: str, at: datetime) -> TicketQuerySet:
    if view == "open":
        return rows.still_open()
    if view == "late":
        return rows.late(at)
    if view == "done":
        return rows.filter(status__in=sorted(rules.FULFILLED))
    return rows.filter(status=Status.WITHDRAWN) if view == "withdrawn" else rows


def _header() -> list[str]:
    return [
        _("Number"), _("Request"), _("About"), _("Status"), _("Filed by"), _("Received (UTC)"),
        _("Due (UTC)"), _("Access blocked (UTC)"), _("Done (UTC)"), _("Late"),
    ]  # fmt: skip


def _cells(rows: TicketQuerySet, at: datetime) -> Iterator[list[object]]:
    for ticket in rows.iterator(chunk_size=500):
        yield [
            ticket.number,
            ticket.get_kind_display(),
            ticket.subject_label,
            ticket.get_status_display(),
            ticket.requester_name,
            _spelled(ticket.received_at),
            _spelled(ticket.due_at),
            _spelled(ticket.contained_at),
            _spelled(ticket.met_at),
            _("yes") if ticket.is_late(at) else _("no"),
        ]


def _spelled(instant: datetime | None) -> str:
    return instant.isoformat(timespec="seconds") if instant else ""
