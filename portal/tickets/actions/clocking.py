"""Records, exactly once each, that a share of the promised time has gone by."""

from datetime import datetime

from audit.names import EventName
from audit.recorder import record
from portal.tickets import rules
from portal.tickets.models import Escalation, Ticket
from tenants.access import Actor, action
from tenants.permissions import Permission


@action(Permission.TICKET_WORK)
def escalate_ticket(ticket: Ticket, *, actor: Actor, at: datetime) -> list[int]:
    """Record every level reached and not yet recorded; at 100 % the request is late."""
    ticket = Ticket.objects.locked(ticket.pk)
    if not ticket.is_open or ticket.is_paused:
        return []
    known = set(Escalation.objects.filter(ticket=ticket).values_list("level", flat=True))
    reached = rules.levels_reached(ticket.running_from, ticket.due_at, at)
    fresh = [level for level in reached if level not in known]
    for level in fresh:
        Escalation.objects.create(ticket=ticket, level=level, recorded_at=at)
        _announce(ticket, level, actor=actor)
    if rules.LATE_LEVEL in fresh:
        ticket.breached_at = ticket.due_at
        ticket.save(update_fields=["breached_at"])
    return fresh


def _announce(ticket: Ticket, level: int, *, actor: Actor) -> None:
    name = EventName.TICKET_LATE if level == rules.LATE_LEVEL else EventName.TICKET_ESCALATED
    record(name, actor=actor, target=ticket, level=level, due_at=ticket.due_at.isoformat())
