"""Diagnostic access as staff use it: support sessions, and reading through the door."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.catalog.source_forms import place_lines
from portal.grants import reading
from portal.grants.actions.sessions import close_support_session, open_support_session
from portal.grants.door import Opening, open_door
from portal.grants.exporting import cells, header, resource_pieces
from portal.grants.models import Grant
from portal.grants.numbering import numbered
from portal.grants.refusals import SessionNeeded
from portal.grants.rules import Capability
from portal.grants.staff import visiting
from portal.ui.exports import csv_stream
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.access import Actor
from tenants.permissions import Permission


@needs(open_support_session.permission, methods=("POST",), refusal_to="staff-grant-show")
def session_open(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        open_support_session(grant_of(visitor, reference), actor=visitor, at=request.at)
    return redirect("staff-resource-list", slug, reference)


@needs(close_support_session.permission, methods=("POST",), refusal_to="staff-grant-show")
def session_close(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        close_support_session(grant_of(visitor, reference), actor=visitor, at=request.at)
    messages.success(request, _("The support session is closed."))
    return redirect("staff-grant-show", slug, reference)


def reads(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Without a live support session a reader is sent to where one is started."""

    @wraps(view)
    def led(request: PortalRequest, slug: str, reference: str, **ids: UUID) -> HttpResponse:
        try:
            return view(request, slug, reference, **ids)
        except SessionNeeded as refusal:
            messages.info(request, refusal.message)
            return redirect("staff-grant-show", slug, reference)

    return led


@needs(Permission.GRANT_REQUEST)
@reads
def staff_integration_list(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with _door(request, slug, reference, capability=Capability.STATUS) as opening:
        found = reading.read_integrations(opening)
    rows = [(row, list(_settings(row))) for row in found]
    return read_page(request, opening, "console/integration_list.html", rows=rows)


def _settings(row: reading.IntegrationView) -> Iterator[tuple[str, str]]:
    """In the words of the customer's own form; of a password only that there is one."""
    yield from place_lines(row.settings)
    if row.settings["has_credential"]:
        yield _("Password"), _("kept, not shown")
    if row.is_read:
        yield _("Read"), row.schedule


@needs(Permission.GRANT_REQUEST)
@reads
def staff_resource_list(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with _door(request, slug, reference, capability=Capability.METADATA) as opening:
        found = reading.read_resources(opening, cursor=request.GET.get("cursor", ""))
    return read_page(request, opening, "console/resource_list.html", page=found)


@needs(Permission.GRANT_REQUEST)
@reads
def staff_resource_show(
    request: PortalRequest, slug: str, reference: str, *, resource_id: UUID
) -> HttpResponse:
    with _door(request, slug, reference, capability=Capability.METADATA) as opening:
        row = reading.read_resource(opening, resource_id)
    return read_page(request, opening, "console/resource_show.html", row=row)


@needs(Permission.GRANT_REQUEST)
@reads
def staff_resource_export(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    """All resources in scope, streamed; each piece is decided and recorded by itself."""
    with visiting(request.actor, slug) as visitor:
        grant = grant_of(visitor, reference)
    pieces = resource_pieces(request.actor, grant.pk, route="staff-resource-export")
    name = f"{slug}-{grant.reference}-resources.csv"
    return cast("HttpResponse", csv_stream(name, header(), cells(pieces)))


@contextmanager
def _door(
    request: PortalRequest, slug: str, reference: str, *, capability: Capability
) -> Iterator[Opening]:
    route = request.resolver_match.view_name if request.resolver_match else ""
    with visiting(request.actor, slug) as visitor:
        grant = grant_of(visitor, reference)
        with open_door(
            grant.pk, visitor=visitor, at=request.at, capability=capability, route=route
        ) as opening:
            yield opening


def read_page(
    request: PortalRequest, opening: Opening, template: str, *, status: int = 200, **context: Any
) -> HttpResponse:
    organization = opening.reader.organization
    tabs = [
        (Capability.METADATA, "staff-resource-list", _("Resources")),
        (Capability.STATUS, "staff-integration-list", _("Status and errors")),
    ]
    around = {
        "organization": organization,
        "grant": opening.grant,
        "session": opening.session,
        "is_masked": not opening.lifted,
        "may_run": Capability.RUN in opening.grant.capabilities,
        "may_change": Capability.SETTINGS in opening.grant.capabilities,
        "tabs": [
            {"url": url, "label": label, "current": url == request.path}
            for capability, name, label in tabs
            if capability in opening.grant.capabilities
            for url in [reverse(name, args=[organization.slug, opening.grant.reference])]
        ],
    }
    return page(request, template, {**around, **context}, status=status)


def grant_of(visitor: Actor, reference: str) -> Grant:
    rows = Grant.objects.visible_to(visitor).select_related("case", "previous")
    grant: Grant | None = numbered(rows, reference, "DIA").first()
    if grant is None:
        raise Http404
    return grant
