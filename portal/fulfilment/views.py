"""The certificate of a deletion: a page to print, and the signed file."""

from datetime import datetime
from pathlib import Path

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from portal.fulfilment import verify_certificate
from portal.fulfilment.models import Certificate
from portal.tickets.models import Ticket
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission

_INSTANTS = ("due_at", "begun_at", "erased_at")


@needs(Permission.TICKET_VIEW)
def certificate_show(request: PortalRequest, number: str) -> HttpResponse:
    certificate = _certificate(request, number)
    content = certificate.content
    context = {
        "certificate": certificate,
        "content": content,
        "instants": {name: _instant(content[name]) for name in _INSTANTS},
        "filed_at": _instant(content["filed"]["at"]),
        "confirmed_at": _instant(content["confirmed"]["at"]),
    }
    return page(request, "fulfilment/certificate.html", context)


@needs(Permission.TICKET_VIEW)
def certificate_download(request: PortalRequest, number: str) -> HttpResponse:
    """The stored text byte for byte: its signature covers exactly this."""
    certificate = _certificate(request, number)
    response = HttpResponse(certificate.document, content_type="application/json")
    name = f"{certificate.ticket.number}-certificate.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@needs(Permission.TICKET_VIEW)
def verifier_download(request: PortalRequest) -> HttpResponse:
    """The one file that checks a certificate elsewhere: it is its own source."""
    source = Path(verify_certificate.__file__).read_bytes()
    response = HttpResponse(source, content_type="text/x-python; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="verify_certificate.py"'
    return response


def _certificate(request: PortalRequest, number: str) -> Certificate:
    tickets = Ticket.objects.visible_to(request.actor).filter(number=number)
    rows = Certificate.objects.filter(ticket__in=tickets).select_related("ticket")
    found: Certificate = get_object_or_404(rows.order_by("-version")[:1])
    return found


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
