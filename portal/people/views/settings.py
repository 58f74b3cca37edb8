"""Policies of the workspace."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.access.views.previewing import FIELD, carried
from portal.people.foreseen import Foreseen, foresee_policy
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
    """Two steps: what the change would lead to, then the change, while that still holds."""
    policy = Policy.objects.get()
    form = PolicyForm(request.POST or None, actor=request.actor, policy=policy)
    if request.method == "POST" and form.is_valid():
        try:
            return _asked(request, policy, form)
        except Invalid as refusal:
            form.take(refusal)
    status = 422 if form.is_bound else 200
    return page(request, "people/policy_change.html", {"form": form}, status=status)


def _asked(request: PortalRequest, policy: Policy, form: PolicyForm) -> HttpResponse:
    def change() -> Policy:
        version = form.cleaned_data["version"]
        return change_policy(policy, actor=request.actor, version=version, **form.changes())

    foreseen = foresee_policy(change, actor=request.actor, at=request.at)
    given = request.POST.get(FIELD, "")
    if foreseen.changes and given != foreseen.digest:
        return _shown(request, foreseen, form, is_overtaken=bool(given))
    change()
    done = _("The policies are in force.") if foreseen.changes else _("Nothing was changed.")
    messages.success(request, done)
    return redirect(workspace_url(request, "policy-show"))


def _shown(
    request: PortalRequest, foreseen: Foreseen, form: PolicyForm, *, is_overtaken: bool
) -> HttpResponse:
    context = {
        "foreseen": foreseen,
        "lines": form.lines([name for name, _new in foreseen.changes]),
        "carried": carried(request),
        "is_overtaken": is_overtaken,
    }
    status = 409 if is_overtaken else 200
    return page(request, "people/policy_confirm.html", context, status=status)
