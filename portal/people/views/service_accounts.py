"""Service accounts: the list, one of them, made, changed, suspended, deleted, given a token."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.people.forms.service_accounts import (
    AccountTokenForm,
    ServiceAccountFilter,
    ServiceAccountForm,
)
from portal.people.machines import ACCOUNT_ORDER, accounts_for, accounts_in, chosen_teams
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.guards import named_role
from tenants.actions.service_accounts import (
    change_service_account,
    create_service_account,
    delete_service_account,
    reinstate_service_account,
    suspend_service_account,
)
from tenants.actions.tokens import issue_token
from tenants.machines import rights_of_account
from tenants.models import ApiToken, Policy, ServiceAccount
from tenants.permissions import PERMISSION_LABELS, Permission

BOTH = ("GET", "POST")
BACK = "service-account-show"


@needs(Permission.TOKEN_ISSUE)
def service_account_list(request: PortalRequest) -> HttpResponse:
    form = ServiceAccountFilter(request.GET, actor=request.actor)
    wanted, rows = form.wanted(), accounts_for(request.actor, at=request.at)
    rows = rows.none() if wanted is None else accounts_in(rows, wanted, at=request.at)
    context = {
        "form": form,
        "is_filtered": wanted is None or any(wanted.values()),
        "page": keyset(rows, order=ACCOUNT_ORDER, cursor=request.GET.get("cursor", "")),
    }
    return page(request, "people/service_account_list.html", context)


@needs(Permission.TOKEN_ISSUE)
def service_account_show(request: PortalRequest, pk: UUID) -> HttpResponse:
    account = _found(request, pk)
    tokens = ApiToken.objects.visible_to(request.actor).filter(service_account=account)
    held = rights_of_account(account).permissions
    context = {
        "account": account,
        "tokens": tokens.select_related("owner", "service_account").order_by("-id")[:100],
        "labels": [PERMISSION_LABELS[p] for p in Permission if p in held],
        "is_active": account.is_active(at=request.at),
        "owner_stands": account.owner.is_active(at=request.at),
    }
    return page(request, "people/service_account_show.html", context)


@needs(create_service_account.permission, step_up=True, methods=BOTH)
def service_account_new(request: PortalRequest) -> HttpResponse:
    form = ServiceAccountForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        try:
            made = create_service_account(
                actor=request.actor, at=request.at, **_said(form.cleaned_data)
            )
        except Invalid as refusal:
            form.take(refusal)
        else:
            messages.success(request, _("%(name)s is there. It needs a token.") % {"name": made})
            return redirect(workspace_url(request, BACK, made.pk))
    return _form(request, form)


@needs(change_service_account.permission, step_up=True, methods=BOTH, refusal_to=BACK)
def service_account_change(request: PortalRequest, pk: UUID) -> HttpResponse:
    account = _found(request, pk)
    ends = account.access_ends_at
    initial = {
        "name": account.name,
        "description": account.description,
        "role": account.role_name,
        "teams": [place.team_id for place in account.seen_places],
        "address_rule": account.address_rule,
        "access_ends_at": ends.date() if ends else None,
        "version": account.version,
    }
    form = ServiceAccountForm(request.POST or None, actor=request.actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        said = _said(form.cleaned_data)
        ids = [team.pk for team in said["teams"]]
        said["teams"] = chosen_teams(ids, actor=request.actor, account=account)
        version = form.cleaned_data["version"] or 0
        try:
            change_service_account(
                account, actor=request.actor, at=request.at, version=version, **said
            )
        except Invalid as refusal:
            form.take(refusal)
        else:
            messages.success(request, _("%(name)s was changed.") % {"name": said["name"]})
            return redirect(workspace_url(request, BACK, account.pk))
    return _form(request, form, account=account)


@needs(suspend_service_account.permission, step_up=True, methods=("POST",), refusal_to=BACK)
def service_account_suspend(request: PortalRequest, pk: UUID) -> HttpResponse:
    account = suspend_service_account(_found(request, pk), actor=request.actor, at=request.at)
    messages.success(request, _("%(name)s stopped working.") % {"name": account})
    return redirect(workspace_url(request, BACK, account.pk))


@needs(reinstate_service_account.permission, step_up=True, methods=("POST",), refusal_to=BACK)
def service_account_reinstate(request: PortalRequest, pk: UUID) -> HttpResponse:
    account = reinstate_service_account(_found(request, pk), actor=request.actor)
    messages.success(request, _("%(name)s works again.") % {"name": account})
    return redirect(workspace_url(request, BACK, account.pk))


@needs(delete_service_account.permission, step_up=True, methods=("POST",), refusal_to=BACK)
def service_account_delete(request: PortalRequest, pk: UUID) -> HttpResponse:
    account = delete_service_account(_found(request, pk), actor=request.actor, at=request.at)
    messages.success(request, _("%(name)s is gone, with its tokens.") % {"name": account})
    return redirect(workspace_url(request, "service-account-list"))


@needs(Permission.SERVICE_ACCOUNT_MANAGE, step_up=True, methods=BOTH, refusal_to=BACK)
def service_account_token_new(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The answer to the form is the only page that ever shows the token."""
    account = _found(request, pk)
    form = AccountTokenForm(
        request.POST or None, actor=request.actor, policy=Policy.objects.get(), account=account
    )
    if request.method == "POST" and form.is_valid():
        names = ("name", "kind", "scopes", "address_rule")
        values = {name: form.cleaned_data[name] for name in names}
        try:
            token, text = issue_token(
                actor=request.actor,
                at=request.at,
                lasts=form.lasts(),
                service_account=account,
                **values,
            )
        except Invalid as refusal:
            form.take(refusal)
        else:
            context = {"token": token, "text": text, "account": account}
            return page(request, "people/token_made.html", context)
    status = 422 if form.is_bound else 200
    context = {"form": form, "account": account}
    return page(request, "people/token_new.html", context, status=status)


def _said(data: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "description", "address_rule", "access_ends_at")
    chosen = {name: data[name] for name in names}
    return {**chosen, "teams": list(data["teams"]), **named_role(data["role"])}


def _form(
    request: PortalRequest, form: ServiceAccountForm, *, account: ServiceAccount | None = None
) -> HttpResponse:
    status = 422 if form.is_bound else 200
    context = {"form": form, "account": account}
    return page(request, "people/service_account_form.html", context, status=status)


def _found(request: PortalRequest, pk: UUID) -> Any:
    return get_object_or_404(accounts_for(request.actor, at=request.at), pk=pk)
