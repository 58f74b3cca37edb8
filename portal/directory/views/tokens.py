"""Directory tokens: made, shown once, revoked."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.directory.actions import issue_directory_token, revoke_directory_token
from portal.directory.forms import DirectoryTokenForm
from portal.directory.models import DirectoryToken
from portal.directory.scim.shaping import base_url
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url


def _show(request: PortalRequest) -> str:
    return workspace_url(request, "directory-show")


@needs(issue_directory_token.permission, step_up=True, methods=("GET", "POST"), refusal_to=_show)
def directory_token_new(request: PortalRequest) -> HttpResponse:
    """The answer to the form is the only page that ever shows the token."""
    form = DirectoryTokenForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        made = _issued(request, form)
        if made is not None:
            context = {"token": made[0], "text": made[1], "base_url": base_url()}
            return page(request, "directory/token_made.html", context)
    status = 422 if form.is_bound else 200
    return page(request, "directory/token_new.html", {"form": form}, status=status)


def _issued(request: PortalRequest, form: DirectoryTokenForm) -> tuple[DirectoryToken, str] | None:
    try:
        return issue_directory_token(
            actor=request.actor,
            at=request.at,
            name=form.cleaned_data["name"],
            lasts=form.lasts(),
        )
    except Invalid as refusal:
        form.take(refusal)
        return None


@needs(revoke_directory_token.permission, step_up=True, methods=("POST",), refusal_to=_show)
def directory_token_revoke(request: PortalRequest, pk: UUID) -> HttpResponse:
    token = get_object_or_404(DirectoryToken.objects.all(), pk=pk)
    revoke_directory_token(token, actor=request.actor, at=request.at)
    messages.success(request, _("%(name)s stopped working.") % {"name": token.name})
    return redirect(_show(request))
