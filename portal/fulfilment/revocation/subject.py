"""The person, or the service account, that a revocation is about."""

from portal.tickets.models import Ticket
from portal.tickets.rules import Scope
from tenants.models import Membership, ServiceAccount


def subject_of(ticket: Ticket) -> Membership:
    found: Membership = Membership.objects.select_related("user").get(pk=ticket.subject_id)
    return found


def account_of(ticket: Ticket) -> ServiceAccount | None:
    """The machine, where the request is about one."""
    if ticket.scope != Scope.SERVICE_ACCOUNT:
        return None
    found: ServiceAccount = ServiceAccount.objects.get(pk=ticket.subject_id)
    return found
