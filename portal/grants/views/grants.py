"""The customer's screens of diagnostic access: who asks, the decision, the live view."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from portal.grants import rules
from portal.grants.actions.agreeing import is_long_stay
from portal.grants.actions.decisions import approve_grant, deny_grant, narrow_grant, revoke_grant
from portal.grants.choosing import LISTED, narrowable, narrowed_scope, widest_for
from portal.grants.forms import ApprovalForm, NoteForm
from portal.grants.models import Grant
from portal.grants.numbering import numbered
from portal.grants.rules import ScopeKind
from portal.grants.showing import card, history, live_view
from portal.grants.terms import Consent
from portal.ui.needs import needs
from portal.ui.pages import page, wants_fragment
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission

MOST_OPEN = 200


@needs(Permission.GRANT_VIEW)
def grant_list(request: PortalRequest, slug: str) -> HttpResponse:
    rows = Grant.objects.visible_to(request.actor).select_related("case")
    rows = rows.prefetch_related("scope")
    at = request.at
    standing = rows.filter(status__in=rules.OPEN).order_by("-id")
    current = [card(grant, at) for grant in standing[:MOST_OPEN]]
    past = keyset(
        rows.exclude(status__in=rules.OPEN), order=("-id",), cursor=request.GET.get("cursor", "")
    )
    context = {
        "waiting": [each for each in current if each.is_pending],
        "active": [each for each in current if each.is_open],
        "in_review": [each for each in current if each.in_review],
        "past": [card(grant, at) for grant in past.rows]
        + [each for each in current if each.state not in rules.OPEN],
        "page": past,
    }
    return page(request, "grants/grant_list.html", context)


@needs(Permission.GRANT_VIEW)
def grant_show(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    return _shown(request, grant_of(request, reference))


@needs(approve_grant.permission, methods=("POST",), refusal_to="grant-show")
def grant_approve(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    grant = grant_of(request, reference)
    form = _approval_form(request, grant)
    if not form.is_valid():
        return _shown(request, grant, form=form, status=422)
    decided = approve_grant(
        grant,
        actor=request.actor,
        at=request.at,
        consent=_consent(request, grant, form),
        version=form.cleaned_data["version"],
    )
    said = _("%(grant)s is open. You can end it at any moment on this page.")
    if decided.approved_at is None:
        said = _("Your yes to %(grant)s is kept. It opens once enough others have agreed.")
    messages.success(request, said % {"grant": grant.reference})
    return _back(request, grant)


@needs(narrow_grant.permission, methods=("POST",), refusal_to="grant-show")
def grant_narrow(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    grant = grant_of(request, reference)
    form = _approval_form(request, grant)
    if not form.is_valid():
        return _shown(request, grant, form=form, status=422)
    narrow_grant(
        grant,
        actor=request.actor,
        at=request.at,
        consent=_consent(request, grant, form),
        version=form.cleaned_data["version"],
    )
    messages.success(request, _("Narrowed. It holds from this moment."))
    return _back(request, grant)


@needs(deny_grant.permission, methods=("POST",), refusal_to="grant-show")
def grant_deny(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    grant, form = grant_of(request, reference), NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    deny_grant(grant, actor=request.actor, at=request.at, note=note)
    messages.success(request, _("Denied. Nothing was opened."))
    return _back(request, grant)


@needs(revoke_grant.permission, methods=("POST",), refusal_to="grant-show")
def grant_revoke(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    """The kill switch: no version, no step-up, nothing between the click and the end."""
    grant, form = grant_of(request, reference), NoteForm(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    revoke_grant(grant, actor=request.actor, at=request.at, note=note)
    messages.success(
        request, _("Revoked. %(name)s can read nothing more.") % {"name": grant.staff_name}
    )
    return _back(request, grant)


@needs(Permission.GRANT_VIEW)
def grant_live(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    """The live view by itself, polled; an unchanged one is not sent again."""
    grant = grant_of(request, reference)
    live = live_view(grant, request.at)
    tag = f'"{live.tag}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers={"ETag": tag})
    if wants_fragment(request) and request.GET.get("seen") == live.tag:
        return HttpResponse(status=204)
    context = {"grant": grant, "card": card(grant, request.at), "live": live}
    response = page(request, "grants/live.html", context, fragment="grants/_live.html")
    response.headers["ETag"] = tag
    return response


def grant_of(request: PortalRequest, reference: str) -> Grant:
    rows = Grant.objects.visible_to(request.actor).select_related("case", "previous")
    grant: Grant = get_object_or_404(numbered(rows, reference, "DIA"))
    return grant


def _back(request: PortalRequest, grant: Grant) -> HttpResponse:
    return redirect(workspace_url(request, "grant-show", grant.reference))


def _shown(
    request: PortalRequest, grant: Grant, *, form: ApprovalForm | None = None, status: int = 200
) -> HttpResponse:
    shown = card(grant, request.at)
    decides = request.actor.may(Permission.GRANT_DECIDE)
    if form is None and decides and (shown.is_pending or shown.is_open):
        form = _approval_form(request, grant)
    context = {
        "grant": grant,
        "card": shown,
        "scope": list(grant.scope.order_by("label", "id")),
        "form": form,
        "decides": decides,
        "needs_owner": shown.is_pending and _is_long(grant, request.at),
        "history": history(grant),
        "live": live_view(grant, request.at) if grant.approved_at else None,
    }
    return page(request, "grants/grant_show.html", context, status=status)


def _approval_form(request: PortalRequest, grant: Grant) -> ApprovalForm:
    scope = widest_for(grant, request.actor)
    resources = [(str(row.pk), row.path) for row in narrowable(grant, request.actor)[:LISTED]]
    longest = _longest(grant)
    whole = [str(item.object_id) for item in scope if item.kind == ScopeKind.INTEGRATION]
    single = [str(item.object_id) for item in scope if item.kind == ScopeKind.RESOURCE]
    # What acts is ticked by the customer, or not at all.
    offered = [name for name in grant.capabilities if name not in rules.ACTING]
    return ApprovalForm(
        request.POST if request.method == "POST" else None,
        capabilities=grant.capabilities,
        scope=[item for item in scope if item.kind == ScopeKind.INTEGRATION],
        resources=resources,
        longest=longest,
        initial={
            "version": grant.version,
            "capabilities": grant.capabilities if grant.approved_at else offered,
            "integrations": whole if grant.scope.exists() else [],
            "resources": single,
            "duration": str(int(longest.total_seconds())),
        },
    )


def _is_long(grant: Grant, at: datetime) -> bool:
    starts_at = max(grant.requested_start_at or at, at)
    return is_long_stay(grant, at, until=(starts_at, grant.requested_duration))


def _longest(grant: Grant) -> timedelta:
    if grant.starts_at and grant.expires_at:
        return grant.expires_at - grant.starts_at
    return grant.requested_duration


def _consent(request: PortalRequest, grant: Grant, form: ApprovalForm) -> Consent:
    scope = narrowed_scope(
        grant,
        request.actor,
        integrations=form.integration_ids(),
        resources=form.resource_ids(),
    )
    longest = int(_longest(grant).total_seconds())
    chosen = int(form.length().total_seconds())
    return Consent(
        # The longest offered is the length as it was asked for, whatever its microseconds.
        duration=None if chosen == longest else form.length(),
        capabilities=tuple(form.cleaned_data["capabilities"]),
        scope=scope,
        starts_at=form.cleaned_data["starts_at"],
        note=form.cleaned_data["note"],
    )
