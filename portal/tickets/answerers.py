"""Who answers a step that was meant for somebody by name."""

from datetime import datetime
from uuid import UUID

from portal.tickets.models import Ticket
from tenants.models import Membership
from tenants.permissions import Permission


def answerer(meant: UUID | None, ticket: Ticket, *, at: datetime) -> Membership | None:
    """They, or an owner when they cannot: gone, without the right, or what it is about.

    None where nobody was meant by name, or nobody is left: then anybody who works on requests.
    """
    if meant is None:
        return None
    able = Membership.objects.holders(Permission.TICKET_WORK, at=at).exclude(pk=ticket.subject_id)
    owners = Membership.objects.owners(at=at).exclude(pk=ticket.subject_id)
    found: Membership | None = (
        able.filter(pk=meant).first() or owners.order_by("joined_at", "pk").first()
    )
    return found
