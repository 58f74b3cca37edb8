"""Takes a request into its next phase, or to its next look at a step that waits."""

from datetime import datetime

from audit.names import EventName
from audit.recorder import record
from portal.queue.names import JobName
from portal.queue.publishing import enqueue
from portal.tickets.models import Step, Ticket
from portal.tickets.rules import Status, StepStatus
from tenants.access import Actor

# Tried again later anyway: nothing that comes in between makes it sooner.
TRYING_LATER = frozenset({Status.RETRYING, Status.BLOCKED})
_STOPPED = TRYING_LATER | {Status.WAITING_INPUT}


def enter_phase(ticket: Ticket, phase: Status, *, actor: Actor, at: datetime) -> None:
    """Inside the caller's transaction, which saves the request. Raises IllegalMove."""
    before = Status(ticket.status)
    if before == phase:
        return
    ticket.move(phase, at=at)
    name = EventName.TICKET_STARTED
    if before in _STOPPED:
        name = EventName.TICKET_RESUMED
    elif phase == Status.VERIFYING:
        name = EventName.TICKET_VERIFYING
    record(name, actor=actor, target=ticket, status=phase.value)


def look_again(step: Step, *, at: datetime) -> Ticket:
    """Whoever carries the step out looks now, or as soon as a worker at it is through."""
    ticket: Ticket = Ticket.objects.locked(step.ticket_id)
    step = Step.objects.locked(step.pk)
    waiting = step.status == StepStatus.WAITING
    Step.objects.filter(pk=step.pk).update(
        answered_at=at, wait_until=at if waiting else step.wait_until
    )
    if ticket.is_open and ticket.status not in TRYING_LATER:
        Ticket.objects.filter(pk=ticket.pk).update(wake_at=at)
    wake(ticket)
    return ticket


def wake(ticket: Ticket) -> None:
    enqueue(
        JobName.TICKET_PROCESS,
        organization_id=str(ticket.organization_id),
        ticket_id=str(ticket.pk),
    )
