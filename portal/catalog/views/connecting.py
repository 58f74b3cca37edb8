"""Connecting a source: which kind, what it may do there, whether it works, and only then kept."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.catalog.actions import create_integration
from portal.catalog.ingest.trying import Trial, try_connection
from portal.catalog.models import Integration
from portal.catalog.rules import KIND_NOTES, READ, SCOPES, IntegrationKind
from portal.catalog.showing import scope_words
from portal.catalog.source_forms import PlaceForm, new_form
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url

ICONS = {
    IntegrationKind.DBT_ARTIFACTS: "upload",
    IntegrationKind.POSTGRESQL: "database",
    IntegrationKind.SQLITE: "file-braces",
    IntegrationKind.SCAN_RESULTS: "clipboard-check",
    IntegrationKind.JSON: "braces",
}


@needs(create_integration.permission, methods=("GET", "POST"))
def integration_new(request: PortalRequest, slug: str) -> HttpResponse:
    given = request.POST if request.method == "POST" else request.GET
    kind = given.get("kind", "")
    if kind not in IntegrationKind.values:
        return _choose(request, status=422 if request.method == "POST" else 200)
    if request.method != "POST":
        return _form_page(request, kind, new_form(kind))
    form = new_form(kind, request.POST)
    if form.is_valid():
        if request.POST.get("do") == "test":
            return _form_page(request, kind, form, trial=tried(request, kind, form))
        made = _created(request, kind, form)
        if made is not None:
            return redirect(_next_page(request, made))
    return _form_page(request, kind, form, status=422)


def tried(
    request: PortalRequest, kind: str, form: PlaceForm, *, password: str = ""
) -> Trial | None:
    """How it went; what does not hold is written beside its field instead."""
    try:
        return try_connection(
            kind,
            form.place(),
            password=form.password() or password,
            workspace=request.organization.slug,
        )
    except Invalid as refusal:
        form.take(refusal)
        return None


def _created(request: PortalRequest, kind: str, form: PlaceForm) -> Integration | None:
    try:
        return create_integration(
            actor=request.actor,
            at=request.at,
            name=form.cleaned_data["name"],
            kind=kind,
            connection=form.place(),
            password=form.password(),
        )
    except Invalid as refusal:
        form.take(refusal)
        return None


def _next_page(request: PortalRequest, made: Integration) -> str:
    if made.kind == IntegrationKind.DBT_ARTIFACTS:
        messages.success(request, _("Connected. Now upload its two files."))
        return workspace_url(request, "import-list", made.pk)
    if made.is_read:
        messages.success(request, _("Saved. Run it now, or give it a schedule."))
    else:
        messages.success(request, _("Connected. Its page says how your agent sends to it."))
    return workspace_url(request, "integration-show", made.pk)


def _choose(request: PortalRequest, *, status: int) -> HttpResponse:
    kinds = [
        {
            "value": kind.value,
            "label": kind.label,
            "note": KIND_NOTES[kind],
            "icon": ICONS[kind],
            "scopes": scope_words(SCOPES[kind]),
        }
        for kind in IntegrationKind
    ]
    return page(request, "catalog/integration_choose.html", {"kinds": kinds}, status=status)


def _form_page(
    request: PortalRequest,
    kind: str,
    form: PlaceForm,
    *,
    trial: Trial | None = None,
    status: int = 200,
) -> HttpResponse:
    chosen = IntegrationKind(kind)
    context = {
        "form": form,
        "kind": chosen,
        "note": KIND_NOTES[chosen],
        "scopes": scope_words(SCOPES[kind]),
        "trial": trial,
        "is_read": chosen in READ,
        "keeps_files": chosen not in READ,
    }
    if form.errors:
        status = 422
    return page(request, "catalog/integration_new.html", context, status=status)
