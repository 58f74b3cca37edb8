"""The vendor's own rules of support: written by operators, confirmed by whoever asks."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.console.vendor_forms import AttestationForm, SupportRulesForm, as_typed
from portal.grants.actions.vendor import attest_policy, change_support_rules
from portal.grants.countries import country_name
from portal.grants.vendor import standing_of, support_rules
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.models import Membership
from tenants.permissions import Permission


@needs(
    change_support_rules.permission,
    step_up=True,
    methods=("GET", "POST"),
    refusal_to="support-rules-change",
)
def support_rules_change(request: PortalRequest) -> HttpResponse:
    rules = support_rules()
    leads = Membership.objects.holders(Permission.GRANT_ENDORSE, at=request.at)
    form = SupportRulesForm(
        request.POST or None,
        leads=list(leads.order_by("name", "id")),
        initial=as_typed(rules),
    )
    if form.is_bound and form.is_valid() and _changed(request, form):
        return redirect("support-rules-change")
    context = {
        "form": form,
        "rules": rules,
        "countries": [country_name(code) for code in rules.countries] if rules else [],
    }
    status = 422 if form.is_bound else 200
    return page(request, "console/support_rules.html", context, status=status)


@needs(attest_policy.permission, methods=("GET", "POST"), refusal_to="support-policy-show")
def support_policy_show(request: PortalRequest) -> HttpResponse:
    person = request.actor.membership
    standing = standing_of(person, request.at) if person else None
    rules = standing.rules if standing else None
    form = AttestationForm(
        request.POST or None,
        initial={
            "text_version": rules.text_version if rules else 1,
            "country": standing.country if standing else "",
        },
    )
    if form.is_bound and form.is_valid() and _confirmed(request, form):
        return redirect("support-policy-show")
    context = {"form": form, "standing": standing, "rules": rules}
    status = 422 if form.is_bound else 200
    return page(request, "console/support_policy.html", context, status=status)


def _changed(request: PortalRequest, form: SupportRulesForm) -> bool:
    try:
        change_support_rules(actor=request.actor, **form.changes())
    except Invalid as refusal:
        form.take(refusal)
        return False
    messages.success(request, _("The rules are in force."))
    return True


def _confirmed(request: PortalRequest, form: AttestationForm) -> bool:
    try:
        attest_policy(
            actor=request.actor,
            at=request.at,
            text_version=form.cleaned_data["text_version"],
            country=form.cleaned_data["country"],
        )
    except Invalid as refusal:
        form.take(refusal)
        return False
    messages.success(request, _("Confirmed."))
    return True
