"""The request that takes a person's access for good, as far as their page needs it."""

from portal.tickets.models import Ticket
from portal.tickets.rules import Kind
from tenants.models import Membership


def open_revocation(membership: Membership) -> Ticket | None:
    """The revocation at work; as long as there is one, the way back belongs to it."""
    filed = Ticket.objects.still_open().for_subject(Kind.REVOCATION, membership.pk)
    found: Ticket | None = filed.first()
    return found
