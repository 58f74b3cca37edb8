"""Steps that wait for the vendor, of all customers: as much of each as its instruction needs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from audit.refusals import NotFound
from portal.grants.staff import as_staff
from portal.tickets.models import Step
from portal.tickets.plans import step_plan
from portal.tickets.rules import OPEN, Kind, StepStatus
from tenants.access import Actor
from tenants.holding import held
from tenants.models import Organization
from tenants.permissions import Permission
from tenants.scoping import organization_scope, system_scope

MOST: Final = 200


@dataclass(frozen=True, slots=True)
class VendorStep:
    """No subject, no requester, no name of anybody at the customer's; a test pins it."""

    id: UUID
    organization: str
    number: str
    kind: str
    step: str
    asks: str
    evidence_asked: str
    needs_reference: bool
    error_code: str
    attempts: int
    since: datetime | None
    due_at: datetime
    assignee: str


def vendor_steps() -> list[VendorStep]:
    """The most urgent first."""
    with system_scope("steps that wait for the vendor"):
        rows = _waiting().select_related("ticket__organization")
        due = Coalesce("answer_due_at", "ticket__due_at")
        return [shown(row) for row in rows.order_by(due, "id")[:MOST]]


def count_vendor_steps() -> int:
    with system_scope("steps that wait for the vendor"):
        return _waiting().count()


@contextmanager
def visiting_step(actor: Actor, step_id: UUID) -> Iterator[tuple[Actor, Step]]:
    """One step in its customer's scope, for staff. Raises NotFound for anybody and all else."""
    with system_scope("steps that wait for the vendor"):
        found = _waiting().filter(pk=step_id).values("organization_id")[:1]
        # A workspace that is being closed too: only the vendor can still answer for it.
        open_ones = Organization.objects.exclude(pk__in=held())
        customer = open_ones.filter(pk__in=found).first()
    if customer is None or not actor.organization.is_vendor:
        raise NotFound(_("There is no such step."))
    with organization_scope(customer.pk):
        visitor = as_staff(actor, customer)
        may = actor.permissions & {Permission.TICKET_WORK}
        step = Step.objects.select_related("ticket__organization").get(pk=step_id)
        yield replace(visitor, permissions=may), step


def shown(row: Step) -> VendorStep:
    """By the plan's own title: the one of a single step may name a system of the customer's."""
    ticket, is_stopped = row.ticket, row.status == StepStatus.BLOCKED
    return VendorStep(
        id=row.pk,
        organization=ticket.organization.name,
        number=ticket.number,
        kind=str(Kind(ticket.kind).label),
        step=str(step_plan(ticket.kind, row.name).title),
        asks=_("Find out why this step fails, and let it go on.") if is_stopped else row.asks,
        evidence_asked=row.evidence_asked or _("The cause, and what was done about it."),
        needs_reference=row.needs_reference,
        error_code=row.error_code,
        attempts=row.attempts,
        since=row.waiting_since or row.started_at,
        due_at=row.answer_due_at or ticket.due_at,
        assignee=row.staff_name,
    )


def _waiting() -> QuerySet[Any]:
    asked = Q(status=StepStatus.WAITING, is_for_vendor=True) & ~Q(asks="")
    rows = Step.unscoped.filter(asked | Q(status=StepStatus.BLOCKED))
    return rows.filter(ticket__status__in=sorted(OPEN), organization__kind="customer")
