"""The first page, what waits for me, and search."""

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Malformed
from portal.catalog.health import troubles_of
from portal.catalog.models import Integration
from portal.catalog.showing import Size, sizes
from portal.grants.models import Grant
from portal.home.charts import closed_per_day
from portal.home.checklist import checklist_for
from portal.home.figures import LOOK_BACK, figures_for, kept_since
from portal.tickets.models import Ticket
from portal.tickets.showing import title_of
from portal.ui.durations import zone_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from portal.ui.searching import search_everything
from portal.ui.waiting import waiting_for
from tenants.permissions import Permission

SHOWN = 6
LONGEST_SEARCH = 100


@needs(None)
def home_show(request: PortalRequest) -> HttpResponse:
    actor, at = request.actor, request.at
    if actor.organization.is_vendor:
        return redirect("console-home")
    kept = kept_since(actor, at - LOOK_BACK) if actor.may(Permission.TICKET_VIEW) else []
    zone = zone_of(request.user.timezone)  # type: ignore[union-attr]
    context = {
        "figures": figures_for(actor, at, kept),
        "chart": closed_per_day(kept, at=at, zone=zone),
        "tickets": _latest_requests(request),
        "integrations": _integrations(request),
        "troubles": troubles_of(actor, at),
        "grants": _active_grants(request),
        "waiting": waiting_for(actor, at)[:SHOWN],
        "checklist": checklist_for(actor, at),
    }
    return page(request, "home/show.html", context)


@needs(None)
def waiting_list(request: PortalRequest) -> HttpResponse:
    return page(request, "home/waiting.html", {"waiting": waiting_for(request.actor, request.at)})


@needs(None)
def search_show(request: PortalRequest) -> HttpResponse:
    text = request.GET.get("q", "").strip()
    if "\x00" in text:
        raise Malformed(_("Search for letters and digits."))
    text = text[:LONGEST_SEARCH]
    groups = search_everything(request.actor, text) if text else []
    return page(request, "home/search.html", {"groups": groups, "search_text": text})


def _latest_requests(request: PortalRequest) -> list[tuple[Ticket, str]]:
    tickets = Ticket.objects.visible_to(request.actor).order_by("-id")[:SHOWN]
    return [(ticket, title_of(ticket)) for ticket in tickets]


def _integrations(request: PortalRequest) -> list[tuple[Integration, Size]]:
    """With as much of each as this person sees, not as much as there is."""
    rows = list(Integration.objects.visible_to(request.actor).order_by("name", "id")[:SHOWN])
    seen = sizes(request.actor, rows)
    return [(row, seen[row.pk]) for row in rows]


def _active_grants(request: PortalRequest) -> list[Grant]:
    grants = Grant.objects.visible_to(request.actor).active(request.at).select_related("case")
    return list(grants.order_by("expires_at")[:SHOWN])
