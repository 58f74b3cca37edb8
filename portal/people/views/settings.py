"""Policies of the workspace."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.people.policies import PolicyForm
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.policies import change_policy
from tenants.models import Policy
from tenants.permissions import Permission


@needs(Permission.POLICY_VIEW)
def policy_show(request: PortalRequest) -> HttpResponse:
    return page(request, "people/policy_show.html", {"policy": Policy.objects.get()})


@needs(change_policy.permission, step_up=True, methods=("GET", "POST"), refusal_to="policy-show")
def policy_change(request: PortalRequest) -> HttpResponse:
    policy = Policy.objects.get()
    form = PolicyForm(request.POST or None, actor=request.actor, policy=policy)
    if request.method == "POST" and form.is_valid() and _changed(request, policy, form):
        messages.success(request, _("The policies are in force."))
        return redirect(workspace_url(request, "policy-show"))
    status = 422 if form.is_bound else 200
    return page(request, "people/policy_change.html", {"form": form}, status=status)


def _changed(request: PortalRequest, policy: Policy, form: PolicyForm) -> bool:
    try:
        change_policy(
            policy,
            actor=request.actor,
            version=form.cleaned_data["version"],
            **form.changes(),
        )
    except Invalid as refusal:
        form.take(refusal)
        return False
    return True
