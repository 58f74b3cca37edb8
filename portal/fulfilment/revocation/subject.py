"""The person a revocation is about."""

from portal.tickets.models import Ticket
from tenants.models import Membership


def subject_of(ticket: Ticket) -> Membership:
    found: Membership = Membership.objects.select_related("user").get(pk=ticket.subject_id)
    return found
