"""Takes the next step of a request for one worker, by a conditional update with a lease."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from portal.fulfilment.actions.lanes import wake_lane
from portal.fulfilment.actions.parking import park_ticket
from portal.fulfilment.actions.waiting import rest_ticket
from portal.fulfilment.work import Job, carrier_of
from portal.tickets import rules
from portal.tickets.actions import begin_revocation
from portal.tickets.models import Step, Ticket
from portal.tickets.moving import enter_phase
from portal.tickets.plans import StepPlan, planned, step_plan
from portal.tickets.rules import Status, StepStatus
from tenants.access import Actor, action
from tenants.permissions import Permission


@action(Permission.TICKET_WORK)
def claim_step(ticket_id: UUID, *, actor: Actor, at: datetime, bulk: bool) -> Job | None:
    """The next step of the request, ours until its lease ends; None when there is none now."""
    _begin_if_planned(ticket_id, actor=actor, at=at)
    ticket = Ticket.objects.filter(pk=ticket_id).select_for_update(no_key=True).first()
    if ticket is None or not _is_due(ticket, at):
        return None
    steps = list(Step.objects.filter(ticket=ticket).unfinished().order_by("position"))
    if not steps or any(step.is_leased(at) for step in steps):
        return None
    step = _next(ticket, steps, at)
    if step is None:
        rest_ticket(ticket, steps, actor=actor, at=at)
        return None
    plan = planned(ticket.kind, step.name, step.title)
    if plan.bulk != bulk:
        wake_lane(ticket, bulk=plan.bulk)
        return None
    if step.attempts >= rules.MAXIMUM_ATTEMPTS:
        # It ended no attempt: whoever tried was killed each time.
        park_ticket(ticket, step, actor=actor, at=at, code="worker-lost")
        return None
    return _take(ticket, step, plan, actor=actor, at=at)


def _next(ticket: Ticket, steps: Sequence[Step], at: datetime) -> Step | None:
    """The first step that does not wait. Only what is of the same phase goes past one that does."""
    phase = step_plan(ticket.kind, steps[0].name).phase
    for step in steps:
        if step_plan(ticket.kind, step.name).phase != phase:
            return None
        if not step.is_resting(at):
            return step
    return None


def _begin_if_planned(ticket_id: UUID, *, actor: Actor, at: datetime) -> None:
    """A planned end of access that has come; its organization is locked before the request."""
    planned = Ticket.objects.filter(pk=ticket_id, status=Status.SCHEDULED, wake_at__lte=at).first()
    if planned is not None:
        begin_revocation(planned, actor=actor, at=at)


def _is_due(ticket: Ticket, at: datetime) -> bool:
    return ticket.is_open and ticket.wake_at is not None and ticket.wake_at <= at


def _take(ticket: Ticket, step: Step, plan: StepPlan, *, actor: Actor, at: datetime) -> Job | None:
    holder = uuid.uuid4()
    until = at + carrier_of(ticket.kind, step.name).lease
    leased = Q(lease_until__gt=at, lease_until__lte=at + rules.LONGEST_LEASE)
    free = Q(lease_until__isnull=True) | ~leased
    taken = Step.objects.filter(free, pk=step.pk).update(
        status=StepStatus.RUNNING,
        lease_holder=holder,
        lease_until=until,
        attempts=F("attempts") + 1,
        started_at=step.started_at or at,
        wait_until=None,
        answered_at=None,
    )
    if not taken:
        return None
    # Another look at what waits changes nothing about the request.
    if step.status != StepStatus.WAITING or ticket.status != Status.WAITING_INPUT:
        enter_phase(ticket, plan.phase, actor=actor, at=at)
    ticket.wake_at = until
    ticket.save(update_fields=["status", "version", "wake_at", "started_at"])
    step.refresh_from_db()
    return Job(ticket=ticket, step=step, plan=plan, actor=actor, holder=holder, at=at)
