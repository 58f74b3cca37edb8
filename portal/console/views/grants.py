"""Diagnostic access as staff see it: own grants, and the lead's check."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.console.views.using import grant_of
from portal.grants.across import grant_page, grants_to_check
from portal.grants.actions.emergency import agree_emergency
from portal.grants.actions.requests import endorse_grant, reject_grant, withdraw_grant
from portal.grants.emergency import outlook
from portal.grants.forms import NoteForm
from portal.grants.models import SupportSession
from portal.grants.rules import ScopeKind
from portal.grants.showing import card, history
from portal.grants.staff import visiting
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
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
        grant = grant_of(visitor, reference)
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
            "emergency": outlook(grant, request.at),
            "session": SupportSession.objects.filter(grant=grant).live(request.at).first(),
        }
    return page(request, "console/grant_show.html", context)


@needs(endorse_grant.permission, methods=("POST",), refusal_to="staff-grant-show")
def staff_grant_endorse(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    _decide(request, slug, reference, decision=endorse_grant)
    messages.success(request, _("Passed on. The customer has 72 hours to answer."))
    return redirect("staff-grant-show", slug, reference)


@needs(agree_emergency.permission, methods=("POST",), refusal_to="staff-grant-show")
def staff_grant_emergency(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        grant = agree_emergency(grant_of(visitor, reference), actor=visitor, at=request.at)
    said = _("Open. The customer has been told.")
    if grant.approved_at is None:
        said = _("Your yes is kept for an hour. A second lead has to agree as well.")
    messages.success(request, said)
    return redirect("staff-grant-show", slug, reference)


@needs(reject_grant.permission, methods=("POST",), refusal_to="staff-grant-show")
def staff_grant_reject(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    _decide(request, slug, reference, decision=reject_grant)
    messages.success(request, _("Stopped. The customer was not asked."))
    return redirect("staff-grant-show", slug, reference)


@needs(withdraw_grant.permission, methods=("POST",), refusal_to="staff-grant-show")
def staff_grant_withdraw(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        withdraw_grant(grant_of(visitor, reference), actor=visitor, at=request.at)
    messages.success(request, _("Withdrawn."))
    return redirect("staff-grant-show", slug, reference)


def _decide(request: PortalRequest, slug: str, reference: str, *, decision: Any) -> None:
    form = NoteForm(request.POST)
    given = form.cleaned_data if form.is_valid() else {}
    with visiting(request.actor, slug) as visitor:
        decision(
            grant_of(visitor, reference),
            actor=visitor,
            at=request.at,
            version=given.get("version"),
            note=given.get("note", ""),
        )
