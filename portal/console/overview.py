"""All customers with the numbers that tell how they fare; no names, no content."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from portal.catalog.models import Integration
from portal.catalog.rules import IntegrationStatus
from portal.grants.models import Grant
from portal.tickets import rules
from portal.tickets.models import Ticket
from tenants.models import Membership, Organization
from tenants.scoping import system_scope

MOST = 500


@dataclass(frozen=True, slots=True)
class Health:
    """One customer, counted."""

    name: str
    slug: str
    status: str
    created_at: datetime
    members: int
    integrations: int
    failing: int
    open_requests: int
    late_requests: int
    open_grants: int

    @property
    def tone(self) -> str:
        if self.late_requests:
            return "danger"
        return "warn" if self.failing else "ok"


def customers(at: datetime) -> list[Health]:
    """Every customer by name."""
    with system_scope("health of organizations"):
        rows = Organization.objects.filter(kind=Organization.Kind.CUSTOMER).order_by("name", "id")
        people = _counted(Membership.unscoped.filter(status=Membership.Status.ACTIVE))
        sources = _counted(Integration.unscoped.all())
        failing = _counted(Integration.unscoped.filter(status=IntegrationStatus.FAILING))
        waiting = Ticket.unscoped.filter(ended_at__isnull=True)
        requests, overdue = _counted(waiting), _counted(late(waiting, at=at))
        grants = _counted(
            Grant.unscoped.filter(
                Q(revoked_at__isnull=True, closed_at__isnull=True),
                starts_at__lte=at,
                expires_at__gt=at,
            )
        )
        return [
            Health(
                name=row.name,
                slug=row.slug,
                status=str(row.get_status_display()),
                created_at=row.created_at,
                members=people.get(row.pk, 0),
                integrations=sources.get(row.pk, 0),
                failing=failing.get(row.pk, 0),
                open_requests=requests.get(row.pk, 0),
                late_requests=overdue.get(row.pk, 0),
                open_grants=grants.get(row.pk, 0),
            )
            for row in rows[:MOST]
        ]


def late(open_requests: QuerySet[Any], *, at: datetime) -> QuerySet[Any]:
    """Past the promise, with a clock that runs: a customer's own delay is not ours."""
    return open_requests.filter(due_at__lt=at).exclude(status__in=sorted(rules.PAUSED))


def _counted(rows: QuerySet[Any]) -> dict[UUID, int]:
    grouped = rows.order_by().values("organization_id").annotate(number=Count("pk"))
    return {row["organization_id"]: row["number"] for row in grouped}
