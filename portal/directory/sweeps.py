"""Background work of the directory: people who come back, released removals, old calls."""

from datetime import datetime, timedelta
from uuid import UUID

from portal.directory.actions import let_back
from portal.directory.holding import carry_on
from portal.directory.models import DirectoryCall, DirectoryHold, DirectoryUser
from portal.directory.rules import LOG_KEPT, LOG_LONGEST, HoldStatus
from portal.queue.sweeping import sweep
from tenants.access import system_actor
from tenants.models import Organization
from tenants.scoping import organization_scope, system_scope

CHUNK = 1000
AT_ONCE = 500


@sweep("directory.let_back", every=timedelta(minutes=1))
def let_everybody_back(at: datetime) -> None:
    """Those made active again whose earlier access is now taken apart and proven gone."""
    with system_scope("people who come back"):
        found = DirectoryUser.unscoped.filter(returning_at__isnull=False)
        waiting = list(found.order_by("returning_at").values_list("organization", "pk")[:AT_ONCE])
    for organization_id, pk in waiting:
        with organization_scope(organization_id):
            user = DirectoryUser.objects.filter(pk=pk).first()
            if user is not None:
                let_back(user, actor=system_actor(user.organization), at=at)


@sweep("directory.carry_held", every=timedelta(minutes=1))
def carry_out_released(at: datetime) -> None:
    """The rest of what an admin released, and what a lost process left undone."""
    with system_scope("released removals"):
        found = DirectoryHold.unscoped.filter(status=HoldStatus.RELEASED, changes__isnull=False)
        waiting = list(found.values_list("organization", "pk").distinct())
    for organization_id, pk in waiting:
        with organization_scope(organization_id):
            hold = DirectoryHold.objects.select_related("organization").get(pk=pk)
            carry_on(hold, at=at, at_most=AT_ONCE)


@sweep("directory.forget_calls", every=timedelta(hours=1))
def forget_calls(at: datetime) -> None:
    """Calls older than 30 days, and the oldest beyond what an organization's log holds."""
    with system_scope("old calls of directories"):
        old = DirectoryCall.unscoped.filter(called_at__lt=at - LOG_KEPT)
        while chunk := list(old.values_list("pk", flat=True)[:CHUNK]):
            DirectoryCall.unscoped.filter(pk__in=chunk).delete()
        organizations = list(Organization.objects.values_list("pk", flat=True))
    for organization_id in organizations:
        with organization_scope(organization_id):
            _shorten()


def _shorten() -> None:
    newest = DirectoryCall.objects.order_by("-id").values_list("id", flat=True)
    last: UUID | None = newest[LOG_LONGEST : LOG_LONGEST + 1].first()
    if last is None:
        return
    beyond = DirectoryCall.objects.filter(id__lte=last)
    while chunk := list(beyond.values_list("pk", flat=True)[:CHUNK]):
        DirectoryCall.objects.filter(pk__in=chunk).delete()
