"""The page of one request, its moving part, and what may still be decided."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.queue.names import JobName
from portal.queue.publishing import enqueue
from portal.tickets.actions import (
    cancel_revocation,
    confirm_deletion,
    hasten_revocation,
    retry_ticket,
    reverse_revocation,
    withdraw_deletion,
)
from portal.tickets.forms import VersionForm
from portal.tickets.listing import TicketFilter, neighbours, tickets_for
from portal.tickets.models import Ticket
from portal.tickets.showing import detail_of, is_certified, title_of
from portal.tickets.sources import source_of
from portal.tickets.views.listing import filter_of, look_of
from portal.ui.needs import Declared, needs
from portal.ui.pages import page, wants_fragment
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission


@needs(Permission.TICKET_VIEW)
def ticket_show(request: PortalRequest, number: str) -> HttpResponse:
    return _page(request, _ticket(request, number))


@needs(Permission.TICKET_VIEW)
def ticket_progress(request: PortalRequest, number: str) -> HttpResponse:
    """The moving part by itself, polled; an unchanged one is not sent again."""
    ticket = _ticket(request, number)
    _look_after(ticket, request)
    tag = detail_of(ticket.as_of(request.at), request.at).tag
    quoted = f'"{tag}"'
    if request.headers.get("If-None-Match") == quoted:
        return HttpResponse(status=304, headers={"ETag": quoted})
    if wants_fragment(request) and request.GET.get("seen") == tag:
        return HttpResponse(status=204, headers={"ETag": quoted})
    response = _page(request, ticket)
    response.headers["ETag"] = quoted
    return response


def deciding(decide: Any, said: str | Promise) -> Declared:
    """A view that decides about the version somebody looked at, and says what came of it."""

    def view(request: PortalRequest, number: str) -> HttpResponse:
        found = _ticket(request, number)
        ticket = decide(found, actor=request.actor, at=request.at, version=_version(request))
        messages.success(request, said % {"number": ticket.number})
        return redirect(workspace_url(request, "ticket-show", ticket.number))

    # The log names a refused view by this.
    view.__name__ = decide.__name__
    return needs(
        decide.permission, step_up=decide.step_up, methods=("POST",), refusal_to="ticket-show"
    )(view)


ticket_withdraw = deciding(withdraw_deletion, _("%(number)s is withdrawn. Nothing was deleted."))
ticket_cancel = deciding(cancel_revocation, _("%(number)s is withdrawn. Access stands."))
ticket_hasten = deciding(hasten_revocation, _("Access is blocked now."))
ticket_reverse = deciding(reverse_revocation, _("%(number)s is taken back. Nothing was destroyed."))
ticket_confirm = deciding(
    confirm_deletion, _("Confirmed. The deletion begins after the cooling-off.")
)
ticket_retry = deciding(retry_ticket, _("The request goes on."))


def _ticket(request: PortalRequest, number: str) -> Ticket:
    rows = Ticket.objects.visible_to(request.actor).select_related("previous")
    found: Ticket = get_object_or_404(rows, number=number)
    return found


def _page(request: PortalRequest, ticket: Ticket) -> HttpResponse:
    own, ticket = request.actor.membership, ticket.as_of(request.at)
    context = {
        "ticket": ticket,
        "title": title_of(ticket),
        "detail": detail_of(ticket, request.at),
        "is_certified": is_certified(ticket),
        "source": source_of(ticket, request.actor),
        "is_requester": own is not None and own.pk == ticket.requester_id,
        "around": {} if wants_fragment(request) else around(request, ticket),
    }
    return page(request, "tickets/show.html", context, fragment="tickets/_detail.html")


def around(request: PortalRequest, ticket: Ticket) -> dict[str, object]:
    """The requests before and after it in the list somebody came from, and the way back there.

    A filter that is not known is left out: it must not stand between a person and a request.
    """
    form = filter_of(request)
    wanted = form.chosen() or TicketFilter()
    rows = tickets_for(look_of(request), wanted)
    previous, following = neighbours(ticket, rows, wanted.order)
    return {"previous": previous, "next": following, "query": form.query()}


def _look_after(ticket: Ticket, request: PortalRequest) -> None:
    """Whoever looks wakes the worker: a lost message or a slow sweep is not waited for."""
    if ticket.wake_at is not None and ticket.wake_at <= request.at:
        enqueue(
            JobName.TICKET_PROCESS,
            organization_id=str(ticket.organization_id),
            ticket_id=str(ticket.pk),
        )


def _version(request: PortalRequest) -> int | None:
    form = VersionForm(request.POST)
    return form.cleaned_data["version"] if form.is_valid() else None
