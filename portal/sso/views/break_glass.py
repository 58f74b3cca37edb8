"""Break-glass owners of a workspace: named, given a code, shown as sealed or not."""

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from portal.sso.actions.emergency import make_code, nominate_owner, withdraw_door
from portal.sso.emergency import obstacles_of
from portal.sso.emergency_forms import NominationForm
from portal.sso.models import SealedDoor
from portal.sso.rules import FEWEST_DOORS
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.models import Membership
from tenants.permissions import Permission

BACK = "break-glass-show"


@needs(Permission.POLICY_VIEW)
def break_glass_show(request: PortalRequest) -> HttpResponse:
    return _page(request)


@needs(nominate_owner.permission, step_up=True, methods=("POST",), refusal_to=BACK)
def break_glass_nominate(request: PortalRequest) -> HttpResponse:
    form = NominationForm(request.POST, actor=request.actor, owners=_free_owners(request))
    if not form.is_valid():
        return _page(request, form)
    member = form.cleaned_data["member"]
    nominate_owner(member, actor=request.actor, at=request.at)
    messages.success(request, _("%(name)s can now make a break-glass code.") % {"name": member})
    return redirect(workspace_url(request, BACK))


@needs(
    withdraw_door.permission,
    step_up=True,
    methods=("POST",),
    refusal_to=lambda request: workspace_url(request, BACK),
)
def break_glass_withdraw(request: PortalRequest, pk: UUID) -> HttpResponse:
    door = get_object_or_404(SealedDoor.objects.standing(), pk=pk)
    withdraw_door(door, actor=request.actor, at=request.at)
    messages.success(request, _("The break-glass code is void."))
    return redirect(workspace_url(request, BACK))


@never_cache
@needs(
    Permission.POLICY_VIEW,
    step_up=True,
    methods=("POST",),
    refusal_to=lambda request: workspace_url(request, BACK),
)
def break_glass_make(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Make one's own code, and show it this one time."""
    door = get_object_or_404(
        SealedDoor.objects.standing(), pk=pk, membership=request.actor.membership
    )
    made, code = make_code(door, actor=request.actor, at=request.at)
    return page(request, "sso/break_glass_made.html", {"door": made, "code": code})


def _page(request: PortalRequest, form: NominationForm | None = None) -> HttpResponse:
    doors = list(
        SealedDoor.objects.standing()
        .select_related("membership__user", "membership__custom_role")
        .order_by("membership__name", "id")
    )
    lacking = obstacles_of(doors)
    rows = [
        {
            "door": door,
            "lacks": lacking[door.pk].label if door.pk in lacking else "",
            "is_own": request.actor.membership is not None
            and door.membership_id == request.actor.membership.pk,
            "tone": _TONES.get(SealedDoor.Status(door.status), "warn"),
        }
        for door in doors
    ]
    owners = _free_owners(request)
    offers = request.actor.may(Permission.ORGANIZATION_MANAGE) and owners.exists()
    sealed = sum(row["tone"] == "ok" and not row["lacks"] for row in rows)
    context = {
        "rows": rows,
        "sealed": sealed,
        "fewest": FEWEST_DOORS,
        "form": form or (NominationForm(actor=request.actor, owners=owners) if offers else None),
    }
    status = 422 if form is not None else 200
    return page(request, "sso/break_glass.html", context, status=status)


_TONES = {SealedDoor.Status.SEALED: "ok", SealedDoor.Status.OPENED: "danger"}


def _free_owners(request: PortalRequest) -> QuerySet[Membership]:
    """Owners without a door."""
    taken = SealedDoor.objects.standing().values("membership_id")
    return Membership.objects.owners(at=request.at).exclude(pk__in=taken).order_by("name", "id")
