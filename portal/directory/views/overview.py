"""The directory's own page: how it is set up, how it is doing, and its brake."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.directory.actions import change_brake
from portal.directory.braking import load_of
from portal.directory.forms import BrakeForm
from portal.directory.models import (
    DirectoryCall,
    DirectoryGroup,
    DirectoryHold,
    DirectorySettings,
    DirectoryToken,
    DirectoryUser,
    HeldChange,
)
from portal.directory.rules import BRAKE_PERCENT, BRAKE_WINDOW, HoldStatus
from portal.directory.scim.shaping import base_url
from portal.directory.views.tabs import tabs_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission

CALLS_SHOWN = 6
TOKENS_SHOWN = 8


@needs(Permission.SSO_VIEW)
def directory_show(request: PortalRequest) -> HttpResponse:
    users, at = DirectoryUser.objects.all(), request.at
    calls = list(DirectoryCall.objects.order_by("-id")[:CALLS_SHOWN])
    held = HeldChange.objects.filter(hold__status=HoldStatus.WAITING).count()
    tokens = list(DirectoryToken.objects.order_by("-id")[:TOKENS_SHOWN])
    context = {
        "tabs": tabs_of(request, "directory-show", held=held),
        "base_url": base_url(),
        "tokens": [(token, token.is_usable(at=at)) for token in tokens],
        "has_token": any(token.is_usable(at=at) for token in tokens),
        "people": users.filter(is_active=True).count(),
        "gone": users.filter(is_active=False).count(),
        "groups": DirectoryGroup.objects.count(),
        "calls": calls,
        "last_call": calls[0] if calls else None,
        "hold": DirectoryHold.objects.filter(status=HoldStatus.WAITING).first(),
        "held": held,
        "load": load_of(at=at),
        "window": BRAKE_WINDOW,
        "form": _brake_form(),
    }
    return page(request, "directory/show.html", context)


@needs(change_brake.permission, step_up=True, methods=("POST",), refusal_to="directory-show")
def brake_change(request: PortalRequest) -> HttpResponse:
    form = BrakeForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Choose a limit between 1 and 100 %."))
    change_brake(
        actor=request.actor,
        percent=form.cleaned_data["percent"],
        version=form.cleaned_data["version"],
    )
    messages.success(request, _("The limit is changed."))
    return redirect(workspace_url(request, "directory-show"))


def _brake_form() -> BrakeForm:
    row = DirectorySettings.objects.first()
    percent, version = (row.brake_percent, row.version) if row else (BRAKE_PERCENT, 1)
    return BrakeForm(initial={"percent": percent, "version": version})
