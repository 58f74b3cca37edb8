"""Held removals: what each would cut, and carrying on with what an admin released."""

from datetime import datetime
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from portal.directory.actions import carry_out_held
from portal.directory.models import DirectoryHold, HeldChange
from tenants.access import Actor, ActorKind
from tenants.models import ApiToken, Entry, TeamMember
from tenants.permissions import SYSTEM_PERMISSIONS

CHUNK = 25
# As many as a person waits for; the sweep does the rest.
AT_ONCE = 100


def previewed(hold: DirectoryHold, *, at: datetime) -> QuerySet[HeldChange]:
    """The held changes with the number of sessions, tokens and teams each would end."""
    member = OuterRef("user__membership")
    return (
        HeldChange.objects.filter(hold=hold)
        .select_related("user__membership", "group")
        .annotate(
            sessions=_counted(Entry.objects.open().filter(membership=member), "membership"),
            tokens=_counted(ApiToken.objects.usable(at=at).filter(owner=member), "owner"),
            teams=_counted(TeamMember.objects.filter(membership=member), "membership"),
        )
    )


def _counted(rows: QuerySet[Any], by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def carry_on(hold: DirectoryHold, *, at: datetime, at_most: int = AT_ONCE) -> int:
    """Carry out a released hold in chunks that hold no long lock; returns how many are left."""
    actor = Actor(
        kind=ActorKind.SYSTEM,
        organization=hold.organization,
        name="Directory",
        permissions=SYSTEM_PERMISSIONS,
    )
    left = hold.changes.count()
    for _chunk in range(at_most // CHUNK):
        if not left:
            break
        left = carry_out_held(hold, actor=actor, at=at, at_most=CHUNK)
    return left
