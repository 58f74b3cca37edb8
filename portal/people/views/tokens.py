"""API tokens: one's own, and everybody's for those who manage them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.people.forms.service_accounts import RotationForm, TokenFilter
from portal.people.forms.tokens import TokenForm
from portal.people.listing import tokens_for
from portal.people.machines import OVERLAP, tokens_in
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.tokens import issue_token, revoke_token, rotate_token
from tenants.models import ApiToken, Policy
from tenants.permissions import Permission


def _list(request: HttpRequest) -> str:
    return workspace_url(request, "token-list")


@needs(Permission.TOKEN_ISSUE)
def token_list(request: PortalRequest) -> HttpResponse:
    everybody = "all" in request.GET and request.actor.may(Permission.TOKEN_MANAGE)
    rows = tokens_for(request.actor, everybody=everybody)
    form = TokenFilter(request.GET if everybody else None, actor=request.actor)
    wanted = form.wanted() if everybody else {}
    rows = rows.none() if wanted is None else tokens_in(rows, wanted, at=request.at)
    context = {
        "form": form,
        "is_filtered": wanted is None or any(wanted.values()),
        "page": keyset(rows, order=("-id",), cursor=request.GET.get("cursor", "")),
        "everybody": everybody,
    }
    return page(request, "people/token_list.html", context)


@needs(issue_token.permission, step_up=True, methods=("GET", "POST"))
def token_new(request: PortalRequest) -> HttpResponse:
    """The answer to the form is the only page that ever shows the token."""
    policy = Policy.objects.get()
    form = TokenForm(request.POST or None, actor=request.actor, policy=policy)
    if request.method == "POST" and form.is_valid():
        made = _issued(request, form)
        if made is not None:
            return page(request, "people/token_made.html", {"token": made[0], "text": made[1]})
    status = 422 if form.is_bound else 200
    return page(request, "people/token_new.html", {"form": form}, status=status)


def _issued(request: PortalRequest, form: TokenForm) -> tuple[ApiToken, str] | None:
    values = {name: form.cleaned_data[name] for name in ("name", "scopes", "address_rule")}
    try:
        return issue_token(actor=request.actor, at=request.at, lasts=form.lasts(), **values)
    except Invalid as refusal:
        form.take(refusal)
        return None


@needs(None, step_up=True, methods=("GET", "POST"), refusal_to=_list)
def token_rotate(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The answer to the form is the only page that ever shows the new token."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.actor), pk=pk)
    form = RotationForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        overlap = OVERLAP[form.cleaned_data["overlap"]]
        made, text = rotate_token(token, actor=request.actor, at=request.at, overlap=overlap)
        return page(request, "people/token_made.html", {"token": made, "text": text})
    status = 422 if form.is_bound else 200
    context = {"form": form, "token": token}
    return page(request, "people/token_rotate.html", context, status=status)


@needs(None, methods=("POST",), refusal_to=_list)
def token_revoke(request: PortalRequest, pk: UUID) -> HttpResponse:
    token = get_object_or_404(ApiToken.objects.visible_to(request.actor), pk=pk)
    revoke_token(token, actor=request.actor, at=request.at)
    messages.success(request, _("%(name)s stopped working.") % {"name": token.name})
    return redirect(_list(request))


@needs(Permission.TOKEN_ISSUE)
def console_token_list(request: PortalRequest) -> HttpResponse:
    return redirect(_list(request))
