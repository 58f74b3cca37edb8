"""Emergency access as the customer sees it: off, or what an owner allowed in advance."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid, NotFound
from portal.catalog.models import Integration
from portal.grants.actions.emergency import allow_emergency, withdraw_emergency
from portal.grants.choosing import LISTED
from portal.grants.emergency import standing_consent
from portal.grants.emergency_forms import EmergencyForm
from portal.grants.models import EmergencyConsent, Grant
from portal.grants.rules import Capability, ReasonCode, Verdict
from portal.grants.showing import card
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission

SHOWN = 20


@needs(Permission.GRANT_VIEW)
def emergency_show(request: PortalRequest, slug: str) -> HttpResponse:
    return _shown(request)


@needs(allow_emergency.permission, methods=("POST",), refusal_to="emergency-show")
def emergency_allow(request: PortalRequest, slug: str) -> HttpResponse:
    form = _form(request)
    if not form.is_valid():
        return _shown(request, form)
    try:
        allow_emergency(form.allowed(), actor=request.actor, at=request.at)
    except Invalid as refusal:
        for name, said in refusal.errors.items():
            form.add_error(name if name in form.fields else None, [*said])
        return _shown(request, form)
    messages.success(request, _("Emergency access is allowed. Nothing is open yet."))
    return redirect(workspace_url(request, "emergency-show"))


@needs(withdraw_emergency.permission, methods=("POST",), refusal_to="emergency-show")
def emergency_withdraw(request: PortalRequest, slug: str) -> HttpResponse:
    consent = standing_consent(request.at)
    if consent is None:
        raise NotFound(_("Emergency access is off, so there is nothing to withdraw."))
    withdraw_emergency(consent, actor=request.actor, at=request.at)
    messages.success(request, _("Withdrawn. Emergency access is off, and none is open."))
    return redirect(workspace_url(request, "emergency-show"))


def _shown(request: PortalRequest, form: EmergencyForm | None = None) -> HttpResponse:
    consent = standing_consent(request.at)
    may_allow = request.actor.may(Permission.ORGANIZATION_MANAGE)
    used = Grant.objects.visible_to(request.actor).filter(decisions__verdict=Verdict.EMERGENCY)
    used = used.filter(approved_at__isnull=False).select_related("case").distinct()
    context = {
        "consent": consent,
        "facts": _facts(consent) if consent else None,
        "form": (form or _form(request)) if may_allow and consent is None else None,
        "may_allow": may_allow,
        "may_withdraw": request.actor.may(Permission.GRANT_DECIDE),
        "used": [
            card(grant, request.at)
            for grant in used.prefetch_related("scope").order_by("-id")[:SHOWN]
        ],
    }
    status = 422 if form is not None and form.errors else 200
    return page(request, "grants/emergency.html", context, status=status)


def _facts(consent: EmergencyConsent) -> dict[str, list[str]]:
    return {
        "reasons": [str(ReasonCode(each).label) for each in consent.reason_codes],
        "capabilities": [str(Capability(each).label) for each in consent.capabilities],
        "scope": [item.label for item in consent.items()],
    }


def _form(request: PortalRequest) -> EmergencyForm:
    rows = Integration.objects.visible_to(request.actor).order_by("name", "id")
    given = request.POST if request.method == "POST" else None
    return EmergencyForm(given, integrations=rows[:LISTED], initial={"days": "30"})
