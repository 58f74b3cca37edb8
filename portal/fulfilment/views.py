"""The certificate of a deletion: a page to print, and the signed file."""

from datetime import datetime
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from portal.fulfilment import verify_certificate
from portal.fulfilment.keeping import kept_certificate
from portal.fulfilment.models import Certificate
from portal.tickets.models import Ticket
from portal.ui.needs import needs, open_to_all
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.clock import now
from tenants.links import Purpose, read_link
from tenants.permissions import Permission
from tenants.scoping import organization_scope

_INSTANTS = ("due_at", "begun_at", "erased_at")


@needs(Permission.TICKET_VIEW)
def certificate_show(request: PortalRequest, number: str) -> HttpResponse:
    context = _context(_certificate(request, number))
    return page(request, "fulfilment/certificate.html", context)


@needs(Permission.TICKET_VIEW)
def certificate_download(request: PortalRequest, number: str) -> HttpResponse:
    """The stored text byte for byte: its signature covers exactly this."""
    return _file(_certificate(request, number))


@needs(Permission.TICKET_VIEW)
def verifier_download(request: PortalRequest) -> HttpResponse:
    return _verifier()


@open_to_all(reason="The signed link of the letter: after the closing nobody can sign in.")
def certificate_kept(request: HttpRequest, signed: str) -> HttpResponse:
    """The certificate of a closed workspace, for whoever kept the letter."""
    link = read_link(Purpose.CERTIFICATE, signed)
    with organization_scope(link.organization_id):
        context = _context(kept_certificate(link.row_id, at=now())) | {"signed": signed}
        return page(request, "fulfilment/certificate_kept.html", context)


@open_to_all(reason="The same link; the signed file itself.")
def certificate_kept_download(request: HttpRequest, signed: str) -> HttpResponse:
    link = read_link(Purpose.CERTIFICATE, signed)
    with organization_scope(link.organization_id):
        return _file(kept_certificate(link.row_id, at=now()))


@open_to_all(reason="The verifier is public: it checks what is signed and holds no data.")
def certificate_kept_verifier(request: HttpRequest) -> HttpResponse:
    return _verifier()


def _context(certificate: Certificate) -> dict[str, Any]:
    content = certificate.content
    return {
        "certificate": certificate,
        "content": content,
        "instants": {name: _instant(content[name]) for name in _INSTANTS},
        "filed_at": _instant(content["filed"]["at"]),
        "confirmed_at": _instant(content["confirmed"]["at"]),
    }


def _file(certificate: Certificate) -> HttpResponse:
    response = HttpResponse(certificate.document, content_type="application/json")
    name = f"{certificate.ticket.number}-certificate.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _verifier() -> HttpResponse:
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
