"""The sign-in policy: what leads into the workspace, and what a change would do, before it does."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.sso.census import take_census
from portal.sso.effects import effect_of, ways_of
from portal.sso.emergency import proven_doors
from portal.sso.enforcing import requirements
from portal.sso.policies import SignInPolicyForm
from portal.sso.rehearsal import Outcome, rehearse
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.policies import change_policy
from tenants.models import ApiToken, DefaultTeam, Policy, Team
from tenants.models.organization import ENFORCEMENT_TRIAL
from tenants.permissions import BuiltInRole, Permission

# People named on one page; the download has them all.
SHOWN = 200
SHOWN_AS = (Outcome.FAILS, Outcome.PASSES, Outcome.ABSENT)


@needs(Permission.POLICY_VIEW)
def policy_show(request: PortalRequest) -> HttpResponse:
    policy, at = Policy.objects.get(), request.at
    census = take_census(at=at)
    rehearsal = rehearse(policy, census)
    tokens = ApiToken.objects.usable(at=at).exclude(kind=ApiToken.Kind.PERSONAL)
    context = {
        "policy": policy,
        "is_enforced": policy.enforces_sso(at=at),
        "trial_ends_at": policy.sso_enforced_at and policy.sso_enforced_at + ENFORCEMENT_TRIAL,
        "checklist": requirements(policy, request.organization, at=at),
        "sealed": len(proven_doors(at=at)),
        "ways": ways_of(policy, census, at=at),
        "tallies": [
            {"label": one.label, "value": one.value, "count": rehearsal.count(one)}
            for one in SHOWN_AS
        ],
        "default_role": BuiltInRole(policy.default_role).label,
        "default_teams": DefaultTeam.objects.filter(team__in=Team.objects.visible_to(request.actor))
        .select_related("team")
        .order_by("team__name"),
        "machine_tokens": tokens.select_related("owner").order_by("name", "id")[:SHOWN],
    }
    return page(request, "sso/policy_show.html", context)


@needs(change_policy.permission, step_up=True, methods=("GET", "POST"), refusal_to="sign-in-policy")
def policy_change(request: PortalRequest) -> HttpResponse:
    """The form, then what it would do, and only then the change."""
    policy = Policy.objects.get()
    form = SignInPolicyForm(request.POST or None, actor=request.actor, policy=policy)
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, form)
    if not form.changes():
        messages.info(request, _("Nothing was changed."))
        return redirect(workspace_url(request, "sign-in-policy"))
    if "confirmed" not in request.POST:
        return _preview(request, form)
    if not _changed(request, form):
        return _form_page(request, form)
    messages.success(request, _("The sign-in policy is in force."))
    return redirect(workspace_url(request, "sign-in-policy"))


def _form_page(request: PortalRequest, form: SignInPolicyForm) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return page(request, "sso/policy_change.html", {"form": form}, status=status)


def _preview(request: PortalRequest, form: SignInPolicyForm) -> HttpResponse:
    census = take_census(at=request.at)
    effect = effect_of(form.policy, form.policy_after(), census, at=request.at)
    posted = [
        (name, value)
        for name in request.POST
        if name != "csrfmiddlewaretoken"
        for value in request.POST.getlist(name)
    ]
    context = {
        "form": form,
        "effect": effect,
        "posted": posted,
        "changes": [form[name].label for name in form.changes()],
        "shown": SHOWN,
    }
    return page(request, "sso/policy_preview.html", context)


def _changed(request: PortalRequest, form: SignInPolicyForm) -> bool:
    try:
        change_policy(
            form.policy,
            actor=request.actor,
            version=form.cleaned_data["version"],
            **form.changes(),
        )
    except Invalid as refusal:
        form.take(refusal)
        return False
    return True


@needs(Permission.POLICY_VIEW)
def rehearsal_show(request: PortalRequest) -> HttpResponse:
    """Who of the last 30 days would fail if single sign-on alone opened the workspace."""
    policy = Policy.objects.get()
    rehearsal = rehearse(policy, take_census(at=request.at))
    wanted = request.GET.get("show", "")
    outcome = wanted if wanted in Outcome.values else Outcome.FAILS
    rows = rehearsal.of(outcome)
    where = workspace_url(request, "sign-in-rehearsal")
    tabs = [
        {
            "url": f"{where}?show={one.value}",
            "label": one.label,
            "count": rehearsal.count(one),
            "current": one == outcome,
        }
        for one in SHOWN_AS
    ]
    context = {
        "rehearsal": rehearsal,
        "rows": rows[:SHOWN],
        "more": max(0, len(rows) - SHOWN),
        "tabs": tabs,
        "outcome": outcome,
    }
    return page(request, "sso/rehearsal.html", context)


@needs(Permission.POLICY_VIEW)
def rehearsal_download(request: PortalRequest) -> HttpResponse:
    """Everybody with their verdict, as a spreadsheet."""
    rehearsal = rehearse(Policy.objects.get(), take_census(at=request.at))
    header = [
        _("Name"),
        _("E-mail address"),
        _("Last sign-in (UTC)"),
        _("By"),
        _("Verdict"),
        _("Why"),
        _("Through"),
    ]
    rows = (
        (
            row.member.name,
            row.member.email,
            row.came_at.isoformat(timespec="seconds") if row.came_at else "",
            row.came_by_label,
            row.outcome.label,
            row.why,
            row.through,
        )
        for row in rehearsal.rows
    )
    name = f"sign-in-rehearsal-{request.organization.slug}-{request.at:%Y-%m-%d}.csv"
    return csv_response(name, header, rows)
