"""Who can see this, and what can this person do."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from portal.access.machines import machines_that_see
from portal.access.questions import Thing, seers, what_can, who_can_see
from portal.access.standing import RightKind
from portal.catalog.models import Integration, Resource
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.models import Membership
from tenants.permissions import Permission

ORDER = ("name", "id")
LONGEST_SEARCH = 100


@needs(Permission.ACCESS_VIEW)
def access_resource(request: PortalRequest, pk: UUID) -> HttpResponse:
    rows: Any = Resource.objects.visible_to(request.actor)
    resource = get_object_or_404(rows, pk=pk)
    return _seen(request, resource, back=workspace_url(request, "resource-show", pk))


@needs(Permission.ACCESS_VIEW)
def access_integration(request: PortalRequest, pk: UUID) -> HttpResponse:
    rows: Any = Integration.objects.visible_to(request.actor)
    source = get_object_or_404(rows, pk=pk)
    return _seen(request, source, back=workspace_url(request, "integration-show", pk))


def _seen(request: PortalRequest, thing: Thing, *, back: str) -> HttpResponse:
    text = request.GET.get("q", "")[:LONGEST_SEARCH].strip()
    everybody = who_can_see(thing, actor=request.actor, at=request.at)
    shown = keyset(everybody.matching(text), order=ORDER, cursor=request.GET.get("cursor", ""))
    context = {
        "thing": thing,
        "back": back,
        "text": text,
        "count": everybody.count(),
        "page": shown,
        "machines": machines_that_see(thing, actor=request.actor, at=request.at),
        "seers": seers(shown.rows, thing, actor=request.actor, at=request.at),
    }
    return page(request, "access/thing_seen.html", context)


@needs(Permission.ACCESS_VIEW)
def access_member(request: PortalRequest, pk: UUID) -> HttpResponse:
    rows = Membership.objects.visible_to(request.actor).select_related("custom_role")
    member = get_object_or_404(rows, pk=pk)
    held = what_can(member, actor=request.actor, at=request.at)
    groups = [
        (_("May do"), [each for each in held if each.right.kind is RightKind.PERMISSION]),
        (_("Can see"), [each for each in held if each.right.kind is not RightKind.PERMISSION]),
    ]
    return page(request, "access/member_rights.html", {"member": member, "groups": groups})
