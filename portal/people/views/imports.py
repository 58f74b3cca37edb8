"""Inviting a list of people: uploaded, looked at line by line, then invited."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.refusals import Invalid
from portal.people.forms.imports import ConfirmForm, ListForm
from portal.people.importing import Line, Report, check, invite
from portal.people.models import InvitationList
from portal.people.sheets import COLUMNS, read_sheet
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.inviting import send_invitations

BOTH = ("GET", "POST")
SHOWN = 200


def _start(request: HttpRequest) -> str:
    return workspace_url(request, "invitation-import")


@needs(send_invitations.permission, methods=BOTH, refusal_to=_start)
def invitation_import(request: PortalRequest) -> HttpResponse:
    form = ListForm(request.POST or None, request.FILES or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        raw = form.raw()
        try:
            read_sheet(raw)
        except Invalid as refusal:
            form.take(refusal)
        else:
            kept = InvitationList.keep(raw, actor=request.actor, at=request.at)
            return redirect(workspace_url(request, "invitation-import-check", kept.pk))
    context = {"form": form, "columns": ",".join(COLUMNS)}
    status = 422 if form.is_bound else 200
    return page(request, "people/invitation_import.html", context, status=status)


@needs(send_invitations.permission, methods=BOTH, refusal_to="invitation-import-check")
def invitation_import_check(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The report, and behind the button the invitations."""
    kept = _kept(request, pk)
    report = _report(request, kept)
    form = ConfirmForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        only_good = form.cleaned_data["only_good"]
        sent = invite(report, actor=request.actor, at=request.at, only_good=only_good)
        kept.delete()
        said = ngettext("%(n)d person is invited.", "%(n)d people are invited.", len(sent))
        messages.success(request, said % {"n": len(sent)})
        return redirect(workspace_url(request, "invitation-list"))
    context = {
        "form": form,
        "kept": kept,
        "ready": len(report.ready),
        "problems": report.problems[:SHOWN],
        "problem_count": len(report.problems),
        "first": report.ready[:10],
        "sums": report.sums,
    }
    return page(request, "people/invitation_import_check.html", context)


@needs(send_invitations.permission)
def invitation_import_report(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Every line with its verdict, as a spreadsheet."""
    report = _report(request, _kept(request, pk))
    header = [
        _("Line"), _("E-mail address"), _("Role"), _("Teams"), _("Access ends (UTC)"),
        _("Verdict"), _("Why"),
    ]  # fmt: skip
    return csv_response("invitations.csv", header, (_cells(line) for line in report.lines))


def _cells(line: Line) -> list[object]:
    place = line.place
    ends = place and place.access_ends_at
    return [
        line.line,
        line.email,
        place.role_said if place else "",
        "|".join(team.name for team in place.teams) if place else "",
        ends.isoformat(timespec="seconds") if ends else "",
        line.verdict.value,
        line.said,
    ]


def _kept(request: PortalRequest, pk: UUID) -> InvitationList:
    rows = InvitationList.objects.visible_to(request.actor).filter(expires_at__gt=request.at)
    found: InvitationList = get_object_or_404(rows, pk=pk)
    return found


def _report(request: PortalRequest, kept: InvitationList) -> Report:
    return check(read_sheet(kept.raw()), actor=request.actor, at=request.at)
