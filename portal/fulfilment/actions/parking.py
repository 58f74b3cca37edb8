"""Stops a request that cannot go on by itself; it stays open and tries again later."""

from datetime import datetime

from audit.names import EventName
from audit.recorder import record
from portal.tickets import rules
from portal.tickets.models import Step, Ticket
from portal.tickets.rules import Status, StepStatus
from tenants.access import Actor


def park_ticket(ticket: Ticket, step: Step, *, actor: Actor, at: datetime, code: str) -> None:
    """Needs the vendor now. One more attempt each hour keeps it from being forgotten."""
    Step.objects.filter(pk=step.pk).update(
        status=StepStatus.BLOCKED,
        attempts=rules.MAXIMUM_ATTEMPTS - 1,
        lease_holder=None,
        lease_until=None,
        error_code=code,
    )
    if ticket.status != Status.BLOCKED:
        ticket.move(Status.BLOCKED, at=at)
        record(EventName.TICKET_BLOCKED, actor=actor, target=ticket, step=step.name, reason=code)
    ticket.wake_at = at + rules.BLOCKED_PAUSE
    ticket.save(update_fields=["status", "version", "wake_at", "started_at"])
