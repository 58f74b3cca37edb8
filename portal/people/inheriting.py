"""What people who lost their access still own: it waits for somebody to look after it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.catalog.models import Integration
from portal.ui.waiting import WaitingItem
from tenants.access import Actor
from tenants.models import Membership, ServiceAccount
from tenants.permissions import Permission

MOST: Final = 50
NAMED: Final = 3
# By then it should be in other hands; nothing breaks after it.
HAND_OVER_WITHIN: Final = timedelta(days=7)


def hand_overs_waiting(actor: Actor, _at: datetime) -> list[WaitingItem]:
    """One for each person revoked who owns something, for those who may give it on."""
    if not actor.may(Permission.MEMBER_MANAGE):
        return []
    names = _names_by_owner(actor)
    gone = Membership.objects.filter(pk__in=list(names)[:MOST]).order_by("pk")
    return [_waiting(member, names[member.pk], actor) for member in gone]


def _names_by_owner(actor: Actor) -> dict[UUID, list[str]]:
    """Of owners who are out for good: one statement for each kind of thing."""
    out = Q(owner__status=Membership.Status.REVOKED)
    integrations = Integration.objects.visible_to(actor).filter(out)
    machines = ServiceAccount.objects.visible_to(actor).filter(out, deleted_at=None)
    found: dict[UUID, list[str]] = {}
    for rows in (integrations, machines):
        for owner, name in rows.order_by("name").values_list("owner_id", "name"):
            found.setdefault(owner, []).append(name)
    return found


def _waiting(member: Membership, names: list[str], actor: Actor) -> WaitingItem:
    since = member.revoked_at or member.joined_at
    more = len(names) - NAMED
    shown = ", ".join(names[:NAMED])
    return WaitingItem(
        title=_("Hand over what %(name)s looked after") % {"name": member},
        detail=_("%(names)s and %(n)d more") % {"names": shown, "n": more} if more > 0 else shown,
        url=reverse("member-hand-over", args=[actor.organization.slug, member.pk]),
        icon="hand",
        since=since,
        due_at=since + HAND_OVER_WITHIN,
    )
