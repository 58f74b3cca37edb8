"""Takes a request into the phase of the step that comes next, and says so in the log."""

from datetime import datetime

from audit.names import EventName
from audit.recorder import record
from portal.tickets.models import Ticket
from portal.tickets.rules import Status
from tenants.access import Actor

_STOPPED = frozenset({Status.RETRYING, Status.BLOCKED, Status.WAITING_INPUT})


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
