"""Downstream systems: listed, added, changed, switched off, removed after a look at the effect."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.downstream.actions import (
    add_connector,
    change_connector,
    remove_connector,
    rotate_connector,
    switch_connector,
)
from portal.downstream.forms import ConnectorForm, said_of
from portal.downstream.models import Callback, Connector
from portal.downstream.rules import Kind
from portal.downstream.waiting import open_steps
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.models import Membership
from tenants.permissions import Permission

BOTH = ("GET", "POST")
BACK = "connector-show"
SHOWN = 20


def _same_page(request: PortalRequest) -> str:
    return request.get_full_path()


@needs(Permission.POLICY_VIEW)
def connector_list(request: PortalRequest) -> HttpResponse:
    rows = Connector.objects.visible_to(request.actor).select_related("responsible")
    return page(request, "downstream/list.html", {"connectors": rows.order_by("name", "id")})


@needs(Permission.POLICY_VIEW)
def connector_show(request: PortalRequest, pk: UUID) -> HttpResponse:
    connector = _found(request, pk)
    messages_sent = Callback.objects.filter(connector=connector).select_related("step__ticket")
    context = {
        "connector": connector,
        "callbacks": messages_sent.order_by("-id")[:SHOWN],
        "open_steps": open_steps(connector)[:SHOWN],
        "has_previous": connector.has_previous(request.at),
    }
    return page(request, "downstream/show.html", context)


@needs(add_connector.permission, step_up=True, methods=BOTH, refusal_to=_same_page)
def connector_new(request: PortalRequest) -> HttpResponse:
    """First the kind, then its fields; the answer is the only page that shows the secret."""
    kind = request.GET.get("kind", "")
    if kind not in Kind.values:
        return page(request, "downstream/kind.html", {"kinds": Kind.choices})
    form = ConnectorForm(request.POST or None, kind=kind, people=_people(request))
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = add_connector(
                Kind(kind), form.facts(), actor=request.actor, at=request.at
            )
        except Invalid as invalid:
            form.take(invalid)
        else:
            return _made(request, made, secret)
    return _form(request, form, kind=kind)


@needs(change_connector.permission, step_up=True, methods=BOTH, refusal_to=BACK)
def connector_change(request: PortalRequest, pk: UUID) -> HttpResponse:
    connector = _found(request, pk)
    form = ConnectorForm(
        request.POST or None,
        initial=said_of(connector),
        kind=connector.kind,
        people=_people(request),
    )
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        try:
            change_connector(
                connector, form.facts(), actor=request.actor, at=request.at, version=version
            )
        except Invalid as invalid:
            form.take(invalid)
        else:
            messages.success(request, _("The downstream system is changed."))
            return _to(request, connector)
    return _form(request, form, kind=connector.kind, connector=connector)


@needs(rotate_connector.permission, step_up=True, methods=("POST",), refusal_to=BACK)
def connector_rotate(request: PortalRequest, pk: UUID) -> HttpResponse:
    connector, secret = rotate_connector(_found(request, pk), actor=request.actor, at=request.at)
    return _made(request, connector, secret)


@needs(switch_connector.permission, step_up=True, methods=("POST",), refusal_to=BACK)
def connector_switch(request: PortalRequest, pk: UUID) -> HttpResponse:
    on = request.POST.get("on") == "1"
    connector = switch_connector(_found(request, pk), actor=request.actor, at=request.at, on=on)
    said = _("%(name)s is told from now on.") if on else _("%(name)s is not told any more.")
    messages.success(request, said % {"name": connector})
    return _to(request, connector)


@needs(remove_connector.permission, step_up=True, methods=BOTH, refusal_to=BACK)
def connector_remove(request: PortalRequest, pk: UUID) -> HttpResponse:
    """What open requests lose by it stands above the button."""
    connector = _found(request, pk)
    if request.method == "POST":
        remove_connector(connector, actor=request.actor, at=request.at)
        messages.success(request, _("%(name)s is removed.") % {"name": connector})
        return redirect(workspace_url(request, "connector-list"))
    context = {"connector": connector, "open_steps": open_steps(connector)}
    return page(request, "downstream/remove.html", context)


def _found(request: PortalRequest, pk: UUID) -> Connector:
    rows = Connector.objects.visible_to(request.actor).select_related("responsible")
    found: Connector = get_object_or_404(rows, pk=pk)
    return found


def _people(request: PortalRequest) -> Any:
    able = Membership.objects.holders(Permission.TICKET_WORK, at=request.at)
    return able.order_by("name", "id")


def _made(request: PortalRequest, connector: Connector, secret: str) -> HttpResponse:
    if not secret:
        messages.success(request, _("%(name)s is added.") % {"name": connector})
        return _to(request, connector)
    return page(request, "downstream/made.html", {"connector": connector, "secret": secret})


def _form(
    request: PortalRequest, form: ConnectorForm, *, kind: str, connector: Connector | None = None
) -> HttpResponse:
    context = {"form": form, "connector": connector, "kind": Kind(kind).label}
    status = 422 if form.is_bound else 200
    return page(request, "downstream/form.html", context, status=status)


def _to(request: PortalRequest, connector: Connector) -> HttpResponse:
    return redirect(workspace_url(request, BACK, connector.pk))
