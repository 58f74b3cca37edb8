"""The board: open requests in columns by how much time they have left."""

from django.http import HttpResponse

from portal.tickets.board import columns_of
from portal.tickets.views.listing import filter_of, look_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.TICKET_VIEW)
def ticket_board(request: PortalRequest) -> HttpResponse:
    form = filter_of(request)
    # The columns are the clock and the order; whatever the address says of these is left out.
    del form.fields["view"], form.fields["sort"]
    wanted = form.chosen()
    context = {
        "form": form,
        "columns": columns_of(look_of(request), wanted),
        "is_filtered": wanted is None or wanted.is_used,
        "is_unknown": wanted is None,
        "query": form.query(),
    }
    status = 422 if wanted is None else 200
    fragment = "tickets/_board.html"
    return page(request, "tickets/board.html", context, fragment=fragment, status=status)
