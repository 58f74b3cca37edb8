"""Settings of an integration: name and owner, connection, schedule. Each is a form of its own."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.catalog import credentials
from portal.catalog.actions import change_connection, change_integration, schedule_integration
from portal.catalog.connections import checked_place
from portal.catalog.forms import SettingsForm
from portal.catalog.ingest.trying import Trial
from portal.catalog.models import Integration
from portal.catalog.source_forms import PLACE_FORMS, PlaceForm, ScheduleForm
from portal.catalog.views.connecting import tried
from portal.catalog.views.integrations import visible_integration
from portal.catalog.views.tabs import tabs
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url


@needs(change_integration.permission, methods=("GET", "POST"))
def integration_change(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    integration = visible_integration(request, pk)
    if request.method != "POST":
        return _settings_page(request, integration)
    form = SettingsForm(request.POST)
    if form.is_valid():
        try:
            change_integration(integration, actor=request.actor, **form.cleaned_data)
        except Invalid as refusal:
            form.add_error("name", refusal.errors.get("name", [refusal.message]))
        else:
            messages.success(request, _("Saved."))
            return redirect(workspace_url(request, "integration-show", pk))
    return _settings_page(request, integration, form=form)


@needs(
    change_connection.permission, step_up=True, methods=("POST",), refusal_to="integration-change"
)
def integration_connection(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    integration = visible_integration(request, pk)
    form = _place_form(integration, request.POST)
    if form is None or not form.is_valid():
        return _settings_page(request, integration, connection=form)
    if request.POST.get("do") == "test":
        password = _kept_password(integration, form)
        trial = tried(request, integration.kind, form, password=password)
        return _settings_page(request, integration, connection=form, trial=trial)
    try:
        change_connection(
            integration,
            actor=request.actor,
            at=request.at,
            connection=form.place(),
            password=form.password(),
        )
    except Invalid as refusal:
        form.take(refusal)
        return _settings_page(request, integration, connection=form)
    messages.success(request, _("Saved. A run that was under way stops."))
    return redirect(workspace_url(request, "integration-change", pk))


@needs(schedule_integration.permission, methods=("POST",), refusal_to="integration-change")
def integration_schedule(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    integration = visible_integration(request, pk)
    form = ScheduleForm(request.POST)
    if form.is_valid():
        try:
            schedule_integration(
                integration, actor=request.actor, at=request.at, schedule=form.schedule()
            )
        except Invalid as refusal:
            form.take(refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(workspace_url(request, "integration-change", pk))
    return _settings_page(request, integration, schedule=form)


def _kept_password(integration: Integration, form: PlaceForm) -> str:
    """The kept password, for a try of the very server that it was given for."""
    try:
        tried_place = checked_place(integration.kind, form.place())
        kept_place = checked_place(integration.kind, integration.connection)
    except Invalid:
        return ""
    if tried_place is None or kept_place is None or tried_place.receiver != kept_place.receiver:
        return ""
    return credentials.opened(integration)


def _place_form(integration: Integration, sent: Any = None) -> PlaceForm | None:
    chosen = PLACE_FORMS.get(integration.kind)
    return chosen(sent, initial=integration.connection) if chosen else None


def _settings_page(request: PortalRequest, integration: Integration, **parts: Any) -> HttpResponse:
    """`form`, `connection` and `schedule` as they were sent; what was not sent as it is kept."""
    first = {"name": integration.name, "owner": integration.owner_id}
    every, clock, weekday = integration.schedule
    kept = {"every": every, "clock": clock, "weekday": str(weekday)}
    trial: Trial | None = parts.get("trial")
    forms = {
        "form": parts.get("form") or SettingsForm(initial=first),
        "connection": parts.get("connection") or _place_form(integration),
        "schedule": parts.get("schedule") or ScheduleForm(initial=kept),
    }
    context = {
        "integration": integration,
        "trial": trial,
        "tabs": tabs(request, integration, "integration-change"),
        **forms,
    }
    wrong = any(form is not None and form.errors for form in forms.values())
    return page(request, "catalog/integration_change.html", context, status=422 if wrong else 200)
