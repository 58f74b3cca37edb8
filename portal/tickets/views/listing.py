"""The list of requests, and its spreadsheet."""

from datetime import tzinfo

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.tickets.list_forms import SavedFilterForm, TicketFilterForm
from portal.tickets.listing import Look, TicketFilter, tickets_for
from portal.tickets.models import SavedFilter, Ticket
from portal.tickets.sheet import cells, header
from portal.tickets.showing import title_of
from portal.ui.durations import zone_of
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.TICKET_VIEW)
def ticket_list(request: PortalRequest) -> HttpResponse:
    form = filter_of(request)
    wanted = form.chosen()
    rows = tickets_for(look_of(request), wanted)
    order = (wanted or TicketFilter()).order
    listing = keyset(rows, order=order, cursor=request.GET.get("cursor", ""))
    everything = Ticket.objects.visible_to(request.actor)
    context = {
        "form": form,
        "page": listing,
        "tickets": [(row.as_of(request.at), title_of(row)) for row in listing.rows],
        "late": everything.still_open().late(request.at).order_by("due_at")[:3],
        "is_filtered": wanted is None or wanted.is_used,
        "is_unknown": wanted is None,
        "query": form.query(),
        **kept_filters(request, form),
    }
    status = 422 if wanted is None else 200
    return page(
        request, "tickets/list.html", context, fragment="tickets/_table.html", status=status
    )


@needs(Permission.TICKET_VIEW)
def ticket_export(request: PortalRequest) -> HttpResponse:
    """The rows that the list shows under the same filter, as a spreadsheet."""
    wanted = filter_of(request).chosen()
    if wanted is None:
        raise Invalid(_("One of the filters is not known here. Choose it again in the list."))
    rows = tickets_for(look_of(request), wanted).order_by(*wanted.order)
    return csv_response("requests.csv", header(), cells(rows, request.at))


def filter_of(request: PortalRequest, given: QueryDict | None = None) -> TicketFilterForm:
    data = request.GET if given is None else given
    return TicketFilterForm(data, actor=request.actor, zone=zone_for(request))


def look_of(request: PortalRequest) -> Look:
    return Look(request.actor, request.at, zone_for(request))


def zone_for(request: PortalRequest) -> tzinfo:
    return zone_of(getattr(request.user, "timezone", ""))


def kept_filters(request: PortalRequest, form: TicketFilterForm) -> dict[str, object]:
    """One's own, each with whether it is the one in force, and the form to keep this one."""
    query = form.query()
    kept = SavedFilter.objects.visible_to(request.actor).order_by("name", "id")
    saving = SavedFilterForm(actor=request.actor, initial={"filter": query}, auto_id="kept_%s")
    return {"kept": [(one, one.query == query) for one in kept], "saving": saving}
