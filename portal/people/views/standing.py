"""Whether a member has access, and until when: suspended, let in again, given an end."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid, StaleVersion
from portal.access.effects import rehearse
from portal.access.showing import shown_effect
from portal.people.actions.standing import let_in_again
from portal.people.forms.standing import EndForm, ReturnForm, SuspensionForm
from portal.people.ownership import belongings_of
from portal.people.revoking import open_revocation
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.ends import set_access_end
from tenants.actions.guards import named_role
from tenants.actions.suspending import suspend_member
from tenants.models import ApiToken, Membership

BOTH = ("GET", "POST")


@needs(suspend_member.permission, step_up=True, methods=BOTH, refusal_to="member-show")
def member_suspend(request: PortalRequest, pk: UUID) -> HttpResponse:
    """What the suspension takes from whom first, then the button."""
    member = _found(request, pk)
    form = SuspensionForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        suspend_member(member, actor=request.actor, at=request.at, reason=reason)
        said = _("Access of %(name)s is blocked until somebody lets them in again.")
        messages.success(request, said % {"name": member})
        return _to(request, member)
    effect = rehearse(
        lambda: suspend_member(member, actor=request.actor, at=request.at), at=request.at
    )
    context = {
        "member": member,
        "form": form,
        "effect": shown_effect(effect, request.actor),
        "belongings": belongings_of(member, actor=request.actor, at=request.at),
    }
    status = 422 if form.is_bound else 200
    return page(request, "people/member_suspend.html", context, status=status)


@needs(let_in_again.permission, step_up=True, methods=BOTH, refusal_to="member-show")
def member_reinstate(request: PortalRequest, pk: UUID) -> HttpResponse:
    member = _found(request, pk)
    form = ReturnForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        role = named_role(form.cleaned_data["role"])
        back = let_in_again(member, actor=request.actor, at=request.at, **role)
        said = _("%(name)s may come in again, as %(role)s.")
        messages.success(request, said % {"name": back, "role": back.role_label})
        return _to(request, member)
    tokens = ApiToken.objects.filter(owner=member).usable(at=request.at)
    context = {
        "member": member,
        "form": form,
        "filed": open_revocation(member),
        "tokens": tokens.count(),
        "service_tokens": tokens.filter(service_account__isnull=False).count(),
    }
    status = 422 if form.is_bound else 200
    return page(request, "people/member_reinstate.html", context, status=status)


@needs(set_access_end.permission, methods=BOTH, refusal_to="member-show")
def member_end(request: PortalRequest, pk: UUID) -> HttpResponse:
    member = _found(request, pk)
    day = member.access_ends_at.date() if member.access_ends_at else None
    initial = {"access_ends_at": day, "version": member.version}
    form = EndForm(request.POST or None, actor=request.actor, initial=initial)
    if request.method == "POST" and form.is_valid() and _set(request, member, form):
        return _to(request, member)
    context = {"member": member, "form": form}
    status = 422 if form.is_bound else 200
    return page(request, "people/member_end.html", context, status=status)


def _set(request: PortalRequest, member: Membership, form: EndForm) -> bool:
    if form.cleaned_data["version"] != member.version:
        raise StaleVersion(_("This person changed meanwhile. Look again, then decide."))
    try:
        changed = set_access_end(member, actor=request.actor, at=request.at, ends_at=form.end())
    except Invalid as refusal:
        form.take(refusal)
        return False
    said = (
        _("Access of %(name)s ends on the day you chose.")
        if changed.access_ends_at
        else _("Access of %(name)s has no end.")
    )
    messages.success(request, said % {"name": changed})
    return True


def _found(request: PortalRequest, pk: UUID) -> Membership:
    rows = Membership.objects.visible_to(request.actor).select_related("custom_role")
    return get_object_or_404(rows, pk=pk)


def _to(request: PortalRequest, member: Membership) -> HttpResponse:
    return redirect(workspace_url(request, "member-show", member.pk))
