"""Making single sign-on the only way in, and letting passwords in again."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from portal.sso.actions.enforcement import enforce_sso, lift_enforcement
from portal.sso.census import take_census
from portal.sso.effects import effect_of
from portal.sso.enforcing import requirements
from portal.sso.rehearsal import Outcome, rehearse
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.models import Policy

SHOWN = 200
BACK = "sign-in-policy"


@needs(enforce_sso.permission, step_up=True, methods=("GET", "POST"), refusal_to=BACK)
def enforcement_start(request: PortalRequest) -> HttpResponse:
    """What is missing and who would be locked out; then, on one's word, the enforcement."""
    if request.method == "POST":
        enforce_sso(actor=request.actor, at=request.at)
        messages.success(
            request,
            _("Single sign-on is enforced. Come in by it in another browser within 30 minutes."),
        )
        return redirect(workspace_url(request, BACK))
    before, after = Policy.objects.get(), Policy.objects.get()
    after.sso_enforced_at = request.at
    census = take_census(at=request.at)
    checklist = requirements(before, request.organization, at=request.at)
    context = {
        "checklist": checklist,
        "is_ready": all(one.is_met for one in checklist),
        "is_enforced": before.enforces_sso(at=request.at),
        "failing": rehearse(before, census).count(Outcome.FAILS),
        "effect": effect_of(before, after, census, at=request.at),
        "shown": SHOWN,
    }
    return page(request, "sso/enforcement_start.html", context)


@needs(lift_enforcement.permission, step_up=True, methods=("POST",), refusal_to=BACK)
def enforcement_lift(request: PortalRequest) -> HttpResponse:
    lift_enforcement(actor=request.actor, at=request.at)
    messages.success(request, _("Passwords are accepted again, beside single sign-on."))
    return redirect(workspace_url(request, BACK))
