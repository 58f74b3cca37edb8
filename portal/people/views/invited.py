"""Many invitations at once: chosen in the list, shown what would change, then changed."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.people.actions.invited import change_invited
from portal.people.actions.many import PreviewOvertaken
from portal.people.bulk import MOST
from portal.people.forms.invitations import InvitationFilter, InvitedForm
from portal.people.invited import foresee_invited
from portal.people.listing import narrowed_invitations
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.models import Invitation

# What was asked goes with the preview, to be asked again word for word.
CARRIED = ("invitations", "do", "team", "role")


def _list(request: HttpRequest) -> str:
    return workspace_url(request, "invitation-list")


@needs(change_invited.permission, methods=("GET", "POST"), refusal_to=_list)
def invitation_bulk(request: PortalRequest) -> HttpResponse:
    """Three steps with the list carried along: choose what, look at it, do it."""
    if request.method == "GET":
        return redirect(_list(request))
    if "invitations" not in request.POST:
        return _choose(request)
    form = InvitedForm(request.POST, actor=request.actor)
    if not form.is_valid():
        return _asked(request, form, status=422)
    return _done(request, form) if "commit" in request.POST else _shown(request, form)


def _choose(request: PortalRequest) -> HttpResponse:
    chosen = _chosen(request)
    if not chosen:
        messages.error(request, _("Choose at least one invitation first."))
        return redirect(_list(request))
    initial = {"invitations": ",".join(map(str, chosen))}
    return _asked(request, InvitedForm(actor=request.actor, initial=initial))


def _chosen(request: PortalRequest) -> list[UUID]:
    """Ids of the ticked rows, or of all that the filter finds. Raises Invalid."""
    if request.POST.get("everybody"):
        filters = InvitationFilter(QueryDict(request.POST.get("filter", "")), actor=request.actor)
        if (wanted := filters.wanted()) is None:
            raise Invalid(_("This filter is not known. Set it again in the list."))
        rows = narrowed_invitations(request.actor, wanted, at=request.at)
    else:
        seen = Invitation.objects.visible_to(request.actor)
        rows = seen.filter(pk__in=_ids(request.POST.getlist("invitation")))
    found = list(rows.order_by("email", "id").values_list("pk", flat=True)[: MOST + 1])
    if len(found) > MOST:
        said = _("At most %(most)d invitations at once. Narrow the list first.")
        raise Invalid(said % {"most": MOST})
    return found


def _ids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts[: MOST + 1]]
    except ValueError:
        return []


def _asked(request: PortalRequest, form: InvitedForm, *, status: int = 200) -> HttpResponse:
    count = len((form["invitations"].value() or "").split(","))
    context = {"form": form, "count": count}
    return page(request, "people/invitation_bulk.html", context, status=status)


def _shown(request: PortalRequest, form: InvitedForm, *, status: int = 200) -> HttpResponse:
    ids = form.cleaned_data["invitations"]
    outcome = foresee_invited(ids, form.wish(), actor=request.actor, at=request.at)
    carried = [(name, request.POST.get(name, "")) for name in CARRIED]
    context = {"outcome": outcome, "carried": carried}
    return page(request, "people/invitation_bulk_preview.html", context, status=status)


def _done(request: PortalRequest, form: InvitedForm) -> HttpResponse:
    try:
        outcome = change_invited(
            form.cleaned_data["invitations"],
            form.wish(),
            actor=request.actor,
            at=request.at,
            digest=form.cleaned_data["digest"],
        )
    except PreviewOvertaken as overtaken:
        messages.error(request, overtaken.message)
        return _shown(request, form, status=409)
    return page(request, "people/invitation_bulk_done.html", {"outcome": outcome})
