"""Set-up links of a workspace: made, shown once, listed with what became of them, revoked."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.sso.actions import create_setup_link, revoke_setup_link
from portal.sso.connection_forms import SetupLinkForm
from portal.sso.holding import signed_of
from portal.sso.models import Connection, SetupLink
from portal.sso.rules import IN_USE
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.devices import device_name
from tenants.permissions import Permission

SHOWN = 50
TONES = {"waiting": "info", "opened": "warn", "finished": "ok"}


@needs(Permission.SSO_VIEW, methods=("GET", "POST"))
def setup_link_list(request: PortalRequest) -> HttpResponse:
    """The answer to the form is the only page that ever shows a link."""
    if request.method == "POST":
        return _make(request)
    return _listed(request, SetupLinkForm(drafts=_drafts()))


def _to_list(request: PortalRequest) -> str:
    return workspace_url(request, "setup-link-list")


def _drafts() -> Any:
    return Connection.objects.exclude(state__in=IN_USE).order_by("name", "id")


@needs(create_setup_link.permission, step_up=True, methods=("POST",))
def _make(request: PortalRequest) -> HttpResponse:
    form = SetupLinkForm(request.POST, drafts=_drafts())
    if form.is_valid():
        try:
            link = create_setup_link(actor=request.actor, at=request.at, **form.cleaned_data)
        except Invalid as refusal:
            form.add_error(None, refusal.message)
        else:
            address = settings.BASE_URL + reverse("setup-open", args=[signed_of(link)])
            return page(request, "sso/setup_link_made.html", {"link": link, "address": address})
    return _listed(request, form)


def _listed(request: PortalRequest, form: SetupLinkForm) -> HttpResponse:
    rows = SetupLink.objects.select_related("connection", "created_by").order_by("-id")[:SHOWN]
    context = {"links": [_shown(row, request) for row in rows], "form": form}
    return page(request, "sso/setup_link_list.html", context, status=422 if form.is_bound else 200)


def _shown(row: SetupLink, request: PortalRequest) -> dict[str, object]:
    state = row.state(at=request.at)
    return {
        "row": row,
        "label": state.label,
        "tone": TONES.get(state, "neutral"),
        "is_open": row.is_open(at=request.at),
        "device": device_name(row.device),
    }


@needs(revoke_setup_link.permission, methods=("POST",), refusal_to=_to_list)
def setup_link_revoke(request: PortalRequest, slug: str, link_id: UUID) -> HttpResponse:
    link: SetupLink = get_object_or_404(SetupLink.objects.all(), pk=link_id)
    revoke_setup_link(link, actor=request.actor, at=request.at)
    messages.success(request, _("The set-up link is closed. It opens nothing any more."))
    return redirect("setup-link-list", slug)
