"""Diagnostic access as staff use it: own grants, the lead's check, sessions, and reading."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.grants import reading
from portal.grants.across import grant_page, grants_to_check
from portal.grants.actions.requests import endorse_grant, reject_grant, withdraw_grant
from portal.grants.actions.sessions import close_support_session, open_support_session
from portal.grants.door import Opening, open_door
from portal.grants.forms import NoteForm
from portal.grants.models import Grant, SupportSession
from portal.grants.numbering import numbered
from portal.grants.refusals import SessionNeeded
from portal.grants.rules import Capability, ScopeKind
from portal.grants.showing import card, history
from portal.grants.staff import visiting
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.access import Actor
from tenants.permissions import Permission


@needs(Permission.GRANT_VIEW)
def staff_grant_list(request: PortalRequest) -> HttpResponse:
    found = grant_page(request.actor, cursor=request.GET.get("cursor", ""))
    checks = grants_to_check(request.actor, request.at)
    waiting = {each.grant.pk for each in checks}
    context = {
        "to_check": checks,
        "cards": [card(row, request.at) for row in found.rows if row.pk not in waiting],
        "page": found,
    }
    return page(request, "console/grant_list.html", context)


@needs(Permission.GRANT_VIEW)
def staff_grant_show(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        grant = _grant(visitor, reference)
        scope = list(grant.scope.order_by("label", "id"))
        context = {
            "organization": visitor.organization,
            "grant": grant,
            "card": card(grant, request.at),
            "is_mine": grant.staff_id == visitor.id,
            "may_check": visitor.may(Permission.GRANT_ENDORSE) and grant.staff_id != visitor.id,
            "integrations": [row for row in scope if row.kind == ScopeKind.INTEGRATION],
            "tables": sum(row.kind == ScopeKind.RESOURCE for row in scope),
            "history": history(grant),
            "session": SupportSession.objects.filter(grant=grant).live(request.at).first(),
        }
    return page(request, "console/grant_show.html", context)


@needs(endorse_grant.permission, methods=("POST",), refusal_to="staff-grant-show")
def staff_grant_endorse(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    _decide(request, slug, reference, decision=endorse_grant)
    messages.success(request, _("Passed on. The customer has 72 hours to answer."))
    return redirect("staff-grant-show", slug, reference)


@needs(reject_grant.permission, methods=("POST",), refusal_to="staff-grant-show")
def staff_grant_reject(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    _decide(request, slug, reference, decision=reject_grant)
    messages.success(request, _("Stopped. The customer was not asked."))
    return redirect("staff-grant-show", slug, reference)


@needs(withdraw_grant.permission, methods=("POST",), refusal_to="staff-grant-show")
def staff_grant_withdraw(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        withdraw_grant(_grant(visitor, reference), actor=visitor, at=request.at)
    messages.success(request, _("Withdrawn."))
    return redirect("staff-grant-show", slug, reference)


@needs(open_support_session.permission, methods=("POST",), refusal_to="staff-grant-show")
def session_open(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        open_support_session(_grant(visitor, reference), actor=visitor, at=request.at)
    return redirect("staff-resource-list", slug, reference)


@needs(close_support_session.permission, methods=("POST",), refusal_to="staff-grant-show")
def session_close(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        close_support_session(_grant(visitor, reference), actor=visitor, at=request.at)
    messages.success(request, _("The support session is closed."))
    return redirect("staff-grant-show", slug, reference)


def _reading(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
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
@_reading
def staff_integration_list(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with _door(request, slug, reference, capability=Capability.STATUS) as opening:
        rows = reading.read_integrations(opening)
    return _read_page(request, opening, "console/integration_list.html", rows=rows)


@needs(Permission.GRANT_REQUEST)
@_reading
def staff_resource_list(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with _door(request, slug, reference, capability=Capability.METADATA) as opening:
        found = reading.read_resources(opening, cursor=request.GET.get("cursor", ""))
    return _read_page(request, opening, "console/resource_list.html", page=found)


@needs(Permission.GRANT_REQUEST)
@_reading
def staff_resource_show(
    request: PortalRequest, slug: str, reference: str, *, resource_id: UUID
) -> HttpResponse:
    with _door(request, slug, reference, capability=Capability.METADATA) as opening:
        row = reading.read_resource(opening, resource_id)
    return _read_page(request, opening, "console/resource_show.html", row=row)


@contextmanager
def _door(
    request: PortalRequest, slug: str, reference: str, *, capability: Capability
) -> Iterator[Opening]:
    route = request.resolver_match.view_name if request.resolver_match else ""
    with visiting(request.actor, slug) as visitor:
        grant = _grant(visitor, reference)
        with open_door(
            grant.pk, visitor=visitor, at=request.at, capability=capability, route=route
        ) as opening:
            yield opening


def _read_page(
    request: PortalRequest, opening: Opening, template: str, **context: Any
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
        "tabs": [
            {"url": url, "label": label, "current": url == request.path}
            for capability, name, label in tabs
            if capability in opening.grant.capabilities
            for url in [reverse(name, args=[organization.slug, opening.grant.reference])]
        ],
    }
    return page(request, template, {**around, **context})


def _decide(request: PortalRequest, slug: str, reference: str, *, decision: Any) -> None:
    form = NoteForm(request.POST)
    given = form.cleaned_data if form.is_valid() else {}
    with visiting(request.actor, slug) as visitor:
        decision(
            _grant(visitor, reference),
            actor=visitor,
            at=request.at,
            version=given.get("version"),
            note=given.get("note", ""),
        )


def _grant(visitor: Actor, reference: str) -> Grant:
    rows = Grant.objects.visible_to(visitor).select_related("case")
    grant: Grant | None = numbered(rows, reference, "DIA").first()
    if grant is None:
        raise Http404
    return grant
