"""Sends a request to the worker lane of its next step."""

from portal.queue.names import JobName
from portal.queue.publishing import enqueue
from portal.tickets.models import Ticket


def wake_lane(ticket: Ticket, *, bulk: bool) -> None:
    job = JobName.TICKET_ERASE if bulk else JobName.TICKET_PROCESS
    enqueue(job, organization_id=str(ticket.organization_id), ticket_id=str(ticket.pk))
