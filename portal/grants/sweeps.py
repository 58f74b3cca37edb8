"""Every minute: write down what the clock decided, and look for edited rows."""

from datetime import datetime, timedelta
from uuid import UUID

from portal.grants import rules
from portal.grants.actions.settling import check_signatures, settle_grants
from portal.grants.models import Grant
from portal.grants.staff import customers_by_id
from portal.queue.sweeping import sweep
from tenants.access import system_actor
from tenants.scoping import organization_scope, system_scope


@sweep("grants.settle", every=timedelta(minutes=1))
def settle_everywhere(at: datetime) -> None:
    for organization in customers_by_id(_organizations()).values():
        with organization_scope(organization.pk):
            actor = system_actor(organization)
            settle_grants(actor=actor, at=at)
            check_signatures(actor=actor, at=at)


def _organizations() -> set[UUID]:
    with system_scope("sweep of grants"):
        rows = Grant.unscoped.filter(status__in=sorted(rules.OPEN))
        return set(rows.values_list("organization_id", flat=True).distinct())
