"""A list of leavers: looked at line by line, then a request for each who still has access."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.access.showing import shown_effect
from portal.people.actions.many import PreviewOvertaken
from portal.people.filing_leavers import Go, file_leavers
from portal.people.forms.leavers import MOST_CARRIED, CarriedForm, LeaversForm, carried
from portal.people.leavers import LABELS, LAYOUT, Leaver, Line, Report, check
from portal.people.leaving import MOST, foresee
from portal.people.sheets import read_sheet
from portal.tickets.actions import file_revocation
from portal.ui.exports import csv_response
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url

SHOWN = 200


def _start(request: HttpRequest) -> str:
    return workspace_url(request, "member-leavers")


@needs(file_revocation.permission, step_up=True, methods=("GET", "POST"), refusal_to=_start)
def member_leavers(request: PortalRequest) -> HttpResponse:
    """The list goes in, its report comes out, and nothing of it is kept."""
    if "leavers" in request.POST:
        return _decided(request)
    form = LeaversForm(request.POST or None, request.FILES or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        try:
            report = check(read_sheet(form.raw(), LAYOUT), actor=request.actor, at=request.at)
        except Invalid as refusal:
            form.take(refusal)
        else:
            return _reported(request, report, reason=form.cleaned_data["reason"])
    status = 422 if form.is_bound else 200
    return page(request, "people/leavers.html", {"form": form}, status=status)


def _reported(request: PortalRequest, report: Report, *, reason: str) -> HttpResponse:
    if "download" in request.POST:
        return csv_response("leavers.csv", _header(), map(_cells, report.lines))
    context = {
        "counts": [(LABELS[verdict], count) for verdict, count in report.counts().items()],
        "total": len(report.lines),
        "others": report.others[:SHOWN],
        "more_others": max(len(report.others) - SHOWN, 0),
    }
    return _shown(request, report.leavers, reason=reason, context=context)


def _decided(request: PortalRequest) -> HttpResponse:
    form = CarriedForm(request.POST, actor=request.actor)
    if not form.is_valid():
        raise Invalid(_("This list is not usable. Take it again."))
    leavers, reason = form.ahead(request.at), form.cleaned_data["reason"]
    if "commit" not in request.POST:
        return _shown(request, leavers, reason=reason)
    first, rest = leavers[:MOST], leavers[MOST:]
    digest = form.cleaned_data["digest"]
    try:
        go = file_leavers(first, actor=request.actor, at=request.at, digest=digest, reason=reason)
    except PreviewOvertaken as overtaken:
        messages.error(request, overtaken.message)
        return _shown(request, leavers, reason=reason, status=409)
    return _done(request, go, rest, reason=reason)


def _shown(
    request: PortalRequest,
    leavers: Sequence[Leaver],
    *,
    reason: str,
    context: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    """What a request for each would come to, the first of them by name."""
    given, said = list(leavers), context or {}
    plan = (
        foresee(given[:MOST], actor=request.actor, at=request.at, reason=reason) if given else None
    )
    said |= {
        "plan": plan,
        "effect": shown_effect(plan.effect, request.actor) if plan else None,
        "leavers": carried(given),
        "count": len(given),
        "later": max(len(given) - MOST, 0),
        "is_cut": len(given) > MOST_CARRIED,
        "reason": reason,
    }
    return page(request, "people/leavers_check.html", said, status=status)


def _done(request: PortalRequest, go: Go, rest: list[Leaver], *, reason: str) -> HttpResponse:
    context = {
        "go": go,
        "filed": go.plan.filed,
        "refused": go.plan.refused,
        "rest": carried(rest),
        "left": len(rest),
        "reason": reason,
    }
    return page(request, "people/leavers_done.html", context)


def _header() -> list[str]:
    return [_("Line"), _("E-mail address"), _("Verdict"), _("What it means"), _("Why")]


def _cells(line: Line) -> list[object]:
    return [line.line, line.email, line.verdict.value, line.label, line.said]
