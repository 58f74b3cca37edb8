"""Invitations as those see them who invite."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.people.forms.invitations import InvitationFilter, InvitationForm
from portal.people.listing import INVITATION_STATES, narrowed_invitations
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.invitations import send_invitation
from tenants.actions.invited import cancel_invitation, resend_invitation
from tenants.models import Invitation


def _list(request: HttpRequest) -> str:
    return workspace_url(request, "invitation-list")


@needs(send_invitation.permission)
def invitation_list(request: PortalRequest) -> HttpResponse:
    form = InvitationFilter(request.GET, actor=request.actor)
    wanted = form.wanted()
    rows = narrowed_invitations(request.actor, wanted, at=request.at)
    given = wanted or {}
    context = {
        "form": form,
        "is_unknown": wanted is None,
        "is_filtered": wanted is None or any(given.get(name) for name in ("q", "role", "team")),
        "page": keyset(rows, order=("-id",), cursor=request.GET.get("cursor", "")),
        "found": rows.order_by().values("pk").count(),
        "states": INVITATION_STATES.items(),
        "state": given.get("state", ""),
    }
    status = 422 if wanted is None else 200
    return page(request, "people/invitation_list.html", context, status=status)


@needs(send_invitation.permission, methods=("GET", "POST"))
def invitation_new(request: PortalRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid() and _sent(request, form):
        return redirect(_list(request))
    status = 422 if form.is_bound else 200
    return page(request, "people/invitation_new.html", {"form": form}, status=status)


def _sent(request: PortalRequest, form: InvitationForm) -> bool:
    try:
        invitation = send_invitation(actor=request.actor, at=request.at, **form.cleaned_data)
    except Invalid as refusal:
        form.take(refusal)
        return False
    said = _("%(email)s has been invited. The link in the mail works for 7 days.")
    messages.success(request, said % {"email": invitation.email})
    return True


@needs(resend_invitation.permission, methods=("POST",), refusal_to=_list)
def invitation_resend(request: PortalRequest, pk: UUID) -> HttpResponse:
    invitation = _found(request, pk)
    resend_invitation(invitation, actor=request.actor, at=request.at)
    said = _("A new link is on its way to %(email)s. The old one stopped working.")
    messages.success(request, said % {"email": invitation.email})
    return redirect(_list(request))


@needs(cancel_invitation.permission, methods=("POST",), refusal_to=_list)
def invitation_cancel(request: PortalRequest, pk: UUID) -> HttpResponse:
    invitation = _found(request, pk)
    cancel_invitation(invitation, actor=request.actor, at=request.at)
    said = _("The invitation of %(email)s is cancelled; its link stopped working.")
    messages.success(request, said % {"email": invitation.email})
    return redirect(_list(request))


def _found(request: PortalRequest, pk: UUID) -> Invitation:
    return get_object_or_404(Invitation.objects.visible_to(request.actor), pk=pk)
