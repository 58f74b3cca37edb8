"""Held removals: who would lose what, and the admin's decision."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from portal.directory.actions import dismiss_hold, release_hold
from portal.directory.forms import DecisionForm
from portal.directory.holding import carry_on, previewed
from portal.directory.models import DirectoryHold
from portal.directory.views.tabs import tabs_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission


def _hold(request: PortalRequest) -> str:
    match = request.resolver_match
    return workspace_url(request, "directory-hold-show", match.kwargs["pk"] if match else "")


@needs(Permission.SSO_VIEW)
def directory_hold_list(request: PortalRequest) -> HttpResponse:
    rows = DirectoryHold.objects.select_related("decided_by")
    context = {
        "tabs": tabs_of(request, "directory-hold-list"),
        "page": keyset(rows, order=("-id",), cursor=request.GET.get("cursor", "")),
    }
    return page(request, "directory/hold_list.html", context)


@needs(Permission.SSO_VIEW)
def directory_hold_show(request: PortalRequest, pk: UUID) -> HttpResponse:
    hold = get_object_or_404(DirectoryHold.objects.select_related("decided_by"), pk=pk)
    changes = previewed(hold, at=request.at)
    context = {
        "tabs": tabs_of(request, "directory-hold-list"),
        "hold": hold,
        "total": hold.changes.count(),
        "page": keyset(changes, order=("id",), cursor=request.GET.get("cursor", "")),
        "may_decide": request.actor.may(Permission.SSO_MANAGE)
        and request.actor.may(Permission.REVOCATION_FILE),
    }
    return page(request, "directory/hold_show.html", context)


@needs(release_hold.permission, step_up=True, methods=("POST",), refusal_to=_hold)
def directory_hold_release(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The first ones go before the answer does, the rest within a minute."""
    hold = release_hold(
        _known(pk), actor=request.actor, at=request.at, version=DecisionForm.read(request.POST)
    )
    left = carry_on(hold, at=request.at)
    said = _("Access is blocked for everybody on the list.")
    if left:
        said = _("Carrying out: %(n)d more follow within minutes.") % {"n": left}
    messages.success(request, said)
    return redirect(_hold(request))


@needs(dismiss_hold.permission, step_up=True, methods=("POST",), refusal_to=_hold)
def directory_hold_dismiss(request: PortalRequest, pk: UUID) -> HttpResponse:
    dismiss_hold(
        _known(pk), actor=request.actor, at=request.at, version=DecisionForm.read(request.POST)
    )
    messages.success(request, _("Nothing of it happens. Everybody keeps their access."))
    return redirect(_hold(request))


def _known(pk: UUID) -> DirectoryHold:
    return get_object_or_404(DirectoryHold.objects.all(), pk=pk)
