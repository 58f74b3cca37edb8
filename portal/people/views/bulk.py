"""Many people at once: chosen in the list, shown what would change, then changed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.access.showing import shown_effect
from portal.people.actions.many import PreviewOvertaken, change_people
from portal.people.bulk import MOST, Do, foresee
from portal.people.forms.bulk import BulkForm
from portal.people.forms.members import MemberFilter
from portal.people.member_listing import ORDERS, members_for, narrowed
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url

# What was asked goes with the preview, to be asked again word for word.
CARRIED = ("people", "do", "team", "role", "reason")


def _list(request: HttpRequest) -> str:
    return workspace_url(request, "member-list")


@needs(change_people.permission, methods=("GET", "POST"), refusal_to=_list)
def member_bulk(request: PortalRequest) -> HttpResponse:
    """Three steps with the list carried along: choose what, look at it, do it."""
    if request.method == "GET":
        return redirect(_list(request))
    if "people" not in request.POST:
        return _choose(request)
    form = BulkForm(request.POST, actor=request.actor)
    if not form.is_valid():
        return _asked(request, form, status=422)
    if form.change().do == Do.REVOKE:
        request.actor.require_step_up(at=request.at)
    if "commit" not in request.POST:
        return _shown(request, form)
    return _done(request, form)


def _choose(request: PortalRequest) -> HttpResponse:
    chosen = _chosen(request)
    if not chosen:
        messages.error(request, _("Choose at least one person first."))
        return redirect(_list(request))
    form = BulkForm(actor=request.actor, initial={"people": ",".join(map(str, chosen))})
    return _asked(request, form, count=len(chosen))


def _chosen(request: PortalRequest) -> list[UUID]:
    """Ids of the ticked rows, or of everybody whom the filter finds. Raises Invalid."""
    rows = members_for(request.actor)
    if request.POST.get("everybody"):
        filters = MemberFilter(QueryDict(request.POST.get("filter", "")), actor=request.actor)
        if not filters.is_valid():
            raise Invalid(_("This filter is not known. Set it again in the list."))
        rows = narrowed(rows, filters.cleaned_data, actor=request.actor, at=request.at)
    else:
        rows = rows.filter(pk__in=_ids(request.POST.getlist("member")))
    found = list(rows.order_by(*ORDERS["name"]).values_list("pk", flat=True)[: MOST + 1])
    if len(found) > MOST:
        raise Invalid(_("At most %(most)d people at once. Narrow the list first.") % {"most": MOST})
    return found


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts[: MOST + 1]]
    except ValueError:
        return []


def _asked(
    request: PortalRequest, form: BulkForm, *, status: int = 200, count: int = 0
) -> HttpResponse:
    shown = count or len(form["people"].value().split(","))
    context = {"form": form, "count": shown}
    return page(request, "people/member_bulk.html", context, status=status)


def _shown(request: PortalRequest, form: BulkForm, *, status: int = 200) -> HttpResponse:
    people = form.cleaned_data["people"]
    outcome = foresee(people, form.change(), actor=request.actor, at=request.at)
    carried = [(name, request.POST.get(name, "")) for name in CARRIED]
    context = {
        "outcome": outcome,
        "effect": shown_effect(outcome.effect, request.actor, most=MOST),
        "carried": carried,
    }
    return page(request, "people/member_bulk_preview.html", context, status=status)


def _done(request: PortalRequest, form: BulkForm) -> HttpResponse:
    try:
        outcome = change_people(
            form.cleaned_data["people"],
            form.change(),
            actor=request.actor,
            at=request.at,
            digest=form.cleaned_data["digest"],
        )
    except PreviewOvertaken as overtaken:
        messages.error(request, overtaken.message)
        return _shown(request, form, status=409)
    context = {"outcome": outcome}
    return page(request, "people/member_bulk_done.html", context)
