"""The page of the audit log, and its exports."""

from datetime import tzinfo
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from audit.models import Event
from audit.refusals import Invalid
from portal.evidence.actions import export_log
from portal.evidence.exports import HEADER, csv_rows, json_lines
from portal.evidence.filters import LogFilter, events_for, known_people
from portal.evidence.forms import FilterForm
from portal.evidence.lines import days_of
from portal.evidence.state import state_of
from portal.ui.durations import zone_of
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.AUDIT_VIEW)
def event_list(request: PortalRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    rows = events_for(request.actor, _wanted(request, form)) if form.is_valid() else None
    shown = keyset(
        Event.objects.none() if rows is None else rows,
        order=("-id",),
        cursor=request.GET.get("cursor", ""),
    )
    context: dict[str, Any] = {
        "form": form,
        "page": shown,
        "days": days_of(shown.rows, slug=request.organization.slug, zone=_zone(request)),
        "people": known_people(request.actor),
        "state": state_of(request.actor.organization_id),
        "query": _query(request),
    }
    return page(request, "evidence/events.html", context, fragment="evidence/_events.html")


@needs(Permission.AUDIT_EXPORT)
def event_csv(request: PortalRequest) -> HttpResponse:
    rows = export_log(actor=request.actor, wanted=_checked(request), form="csv")
    return csv_response(_filename(request, "csv"), HEADER, csv_rows(rows))


@needs(Permission.AUDIT_EXPORT)
def event_json(request: PortalRequest) -> HttpResponse:
    rows = export_log(actor=request.actor, wanted=_checked(request), form="jsonl")
    response = HttpResponse(json_lines(rows), content_type="application/jsonl; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{_filename(request, "jsonl")}"'
    response["Cache-Control"] = "no-store"
    return response


def _checked(request: PortalRequest) -> LogFilter:
    form = FilterForm(request.GET)
    if not form.is_valid():
        errors = {name: [str(said) for said in all_] for name, all_ in form.errors.items()}
        raise Invalid(_("The filter does not hold. Go back and correct it."), errors)
    return _wanted(request, form)


def _wanted(request: PortalRequest, form: FilterForm) -> LogFilter:
    return form.wanted(request.actor, _zone(request))


def _zone(request: PortalRequest) -> tzinfo:
    return zone_of(getattr(request.user, "timezone", ""))


def _query(request: PortalRequest) -> str:
    """The filter again, for the exports: without the place in the pages."""
    parameters = request.GET.copy()
    parameters.pop("cursor", None)
    return parameters.urlencode()


def _filename(request: PortalRequest, suffix: str) -> str:
    return f"{request.organization.slug}-audit-{request.at:%Y%m%d-%H%M}.{suffix}"
