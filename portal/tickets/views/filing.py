"""Filing a request: who or what goes is shown first, then asked for."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.tickets.actions import file_deletion, file_revocation
from portal.tickets.forms import DeletionForm, PersonForm, RevocationForm
from portal.tickets.models import Ticket
from portal.tickets.previews import effects_of_revoking
from portal.tickets.rules import Scope
from portal.tickets.stores import goes, stays
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.models import Membership, Policy


def _same_page(request: PortalRequest) -> str:
    return request.get_full_path()


@needs(file_revocation.permission, step_up=True, methods=("GET", "POST"), refusal_to=_same_page)
def ticket_revoke(request: PortalRequest) -> HttpResponse:
    """First the person, then what it takes from them, then the button."""
    chooser = PersonForm(request.GET or None, members=_others(request))
    if not chooser.is_valid():
        return page(request, "tickets/revoke_choose.html", {"form": chooser})
    member = chooser.cleaned_data["member"]
    form = RevocationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ticket = file_revocation(
            member, actor=request.actor, at=request.at, reason=form.cleaned_data["reason"]
        )
        messages.success(
            request,
            _("Access of %(name)s is blocked. %(number)s cleans up and proves it.")
            % {"name": member, "number": ticket.number},
        )
        return _to(request, ticket)
    context = {
        "form": form,
        "member": member,
        "effects": effects_of_revoking(member, request.at, actor=request.actor),
    }
    status = 422 if form.is_bound else 200
    return page(request, "tickets/revoke.html", context, status=status)


@needs(file_deletion.permission, step_up=True, methods=("GET", "POST"), refusal_to="ticket-delete")
def ticket_delete(request: PortalRequest) -> HttpResponse:
    initial = {"target": request.GET.get("integration", "")}
    form = DeletionForm(request.POST or None, initial=initial, name=request.organization.name)
    if request.method == "POST" and form.is_valid():
        ticket = _filed(request, form)
        if ticket is not None:
            return _to(request, ticket)
    context = {
        "form": form,
        "goes": goes(Scope.ALL_METADATA, request.organization.pk),
        "stays": stays(),
        "policy": Policy.objects.get(),
    }
    status = 422 if form.is_bound else 200
    return page(request, "tickets/delete.html", context, status=status)


def _filed(request: PortalRequest, form: DeletionForm) -> Ticket | None:
    """The filed request; what does not hold is written next to its field instead."""
    scope, integration_id = form.chosen()
    try:
        return file_deletion(
            scope,
            actor=request.actor,
            at=request.at,
            confirmation=form.cleaned_data["confirmation"],
            integration_id=integration_id,
            reason=form.cleaned_data["reason"],
        )
    except Invalid as invalid:
        for field, said in invalid.errors.items():
            form.add_error(field if field in form.fields else "target", said)
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
