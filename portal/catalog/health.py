"""How the data sources stand that somebody may see: what fails, rests, was never read, is stale."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.catalog.models import Integration, is_stale
from portal.catalog.rules import IntegrationStatus
from tenants.access import Actor


@dataclass(frozen=True, slots=True)
class Trouble:
    tone: str
    said: str


def troubles_of(actor: Actor, at: datetime) -> list[Trouble]:
    """What needs a look, the worst first; empty when everything is well. One query."""
    rests = Q(paused_at__isnull=False)
    wakes = Q(paused_at=None, deleting_at=None)
    fails = Q(status=IntegrationStatus.FAILING)
    counted = Integration.objects.visible_to(actor).aggregate(
        failing=Count("pk", filter=fails & wakes),
        stale=Count("pk", filter=is_stale(at) & ~fails),
        never=Count("pk", filter=Q(status=IntegrationStatus.NEW) & wakes),
        paused=Count("pk", filter=rests & Q(deleting_at=None)),
        warned=Count("pk", filter=wakes & ~Q(warnings=[])),
    )
    found = [
        ("danger", counted["failing"], ngettext("%(n)d fails", "%(n)d fail", counted["failing"])),
        ("danger", counted["stale"], _("%(n)d not read for too long")),
        ("warn", counted["warned"], _("%(n)d with a login that may write")),
        ("warn", counted["paused"], _("%(n)d paused")),
        ("neutral", counted["never"], _("%(n)d never read")),
    ]
    return [Trouble(tone, said % {"n": count}) for tone, count, said in found if count]
