"""Filing a request: who or what goes is shown first, then asked for."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.tickets.actions import file_deletion, file_revocation
from portal.tickets.actions.opening import open_for
from portal.tickets.disposing import Choice
from portal.tickets.forms import AccountForm, DeletionForm, PersonForm, RevocationForm, TargetForm
from portal.tickets.holders import Holder
from portal.tickets.models import Ticket
from portal.tickets.plan_forms import PlanForm
from portal.tickets.previews import effect_of, effects_of_ending
from portal.tickets.rules import Kind, Status
from portal.tickets.subjects import Wish, subject_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.models import Membership, ServiceAccount


def _same_page(request: PortalRequest) -> str:
    return request.get_full_path()


@needs(file_revocation.permission, step_up=True, methods=("GET", "POST"), refusal_to=_same_page)
def ticket_revoke(request: PortalRequest) -> HttpResponse:
    """First the person or the machine, then what it takes from them, then the button."""
    chooser = _chooser(request)
    if not chooser.is_valid():
        return page(request, "tickets/revoke_choose.html", {"form": chooser})
    holder: Holder = chooser.cleaned_data[chooser.names]
    given = request.POST if request.method == "POST" else None
    form, plan = RevocationForm(given), _plan_form(request, holder)
    is_valid = form.is_valid() and (plan is None or plan.is_valid())
    ticket = _revoked(request, form, holder, plan=plan.plan() if plan else []) if is_valid else None
    if ticket is not None:
        return _to(request, ticket)
    context = {
        "form": form,
        "plan": plan,
        "holder": holder,
        "standing": open_for(Kind.REVOCATION, holder.pk),
        "effects": effects_of_ending(holder, request.at, actor=request.actor),
    }
    status = 422 if form.is_bound else 200
    return page(request, "tickets/revoke.html", context, status=status)


def _chooser(request: PortalRequest) -> AccountForm | PersonForm:
    """A service account comes by the link on its own page; people are chosen here."""
    if "account" in request.GET:
        accounts = ServiceAccount.objects.visible_to(request.actor).filter(deleted_at=None)
        return AccountForm(request.GET, accounts=accounts)
    return PersonForm(request.GET or None, members=_others(request))


def _plan_form(request: PortalRequest, holder: Holder) -> PlanForm | None:
    """For a person, as far as they own anything that this actor decides about."""
    if isinstance(holder, ServiceAccount):
        return None
    given = request.POST if request.method == "POST" else None
    form = PlanForm(given, member=holder, actor=request.actor, at=request.at)
    return form if form.things else None


def _revoked(
    request: PortalRequest, form: RevocationForm, holder: Holder, *, plan: Sequence[Choice]
) -> Ticket | None:
    """The filed request; a time that does not fit is said next to its field instead."""
    try:
        ticket = file_revocation(
            holder,
            actor=request.actor,
            at=request.at,
            reason=form.cleaned_data["reason"],
            effective_at=form.cleaned_data["effective_at"],
            plan=plan,
        )
    except Invalid as invalid:
        for field, said in invalid.errors.items():
            form.add_error(field if field in form.fields else None, said)
        return None
    words = (
        _("%(number)s blocks the access of %(name)s at the time you chose.")
        if ticket.status == Status.SCHEDULED
        else _("Access of %(name)s is blocked. %(number)s cleans up and proves it.")
    )
    messages.success(request, words % {"name": holder, "number": ticket.number})
    return ticket


@needs(file_deletion.permission, step_up=True, methods=("GET", "POST"), refusal_to=_same_page)
def ticket_delete(request: PortalRequest) -> HttpResponse:
    """First what, then what goes and what stays with it, then the name typed out."""
    chooser = TargetForm(_target(request), actor=request.actor)
    if not chooser.is_bound or not chooser.is_valid():
        status = 422 if chooser.is_bound else 200
        return page(request, "tickets/delete_choose.html", {"form": chooser}, status=status)
    wish = chooser.wish()
    subject = subject_of(wish, actor=request.actor)
    member = subject.member
    is_member = member is not None and member.status != Membership.Status.REVOKED
    form = DeletionForm(request.POST or None, scope=wish.scope, is_member=is_member)
    if request.method == "POST" and form.is_valid():
        ticket = _filed(request, form, wish)
        if ticket is not None:
            return _to(request, ticket)
    context = {"form": form, "target": chooser["target"].data, "effect": effect_of(wish, subject)}
    status = 422 if form.is_bound else 200
    return page(request, "tickets/delete.html", context, status=status)


def _target(request: PortalRequest) -> dict[str, str] | None:
    """From the form that confirms, or from the address of the page; none at the beginning."""
    given = request.POST.get("target") or request.GET.get("target")
    given = given or request.GET.get("integration", "")
    return {"target": given} if given or request.method == "POST" else None


def _filed(request: PortalRequest, form: DeletionForm, wish: Wish) -> Ticket | None:
    """The filed request; what does not hold is written next to its field instead."""
    try:
        return file_deletion(
            wish,
            actor=request.actor,
            at=request.at,
            confirmation=form.cleaned_data["confirmation"],
            reason=form.cleaned_data["reason"],
            revoke=bool(form.cleaned_data.get("revoke")),
        )
    except Invalid as invalid:
        for field, said in invalid.errors.items():
            form.add_error(field if field in form.fields else None, said)
    return None


def _others(request: PortalRequest) -> object:
    """Everybody but oneself whose access is not taken for good, suspended or run out or not."""
    people = Membership.objects.visible_to(request.actor).exclude(status=Membership.Status.REVOKED)
    own = request.actor.membership
    if own is not None:
        people = people.exclude(pk=own.pk)
    return people.order_by("name", "id")


def _to(request: PortalRequest, ticket: Ticket) -> HttpResponse:
    return redirect(workspace_url(request, "ticket-show", ticket.number))
