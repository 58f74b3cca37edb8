"""Takes a revocation back as long as nothing was destroyed."""

from datetime import datetime

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from portal.tickets.holders import holder_of, refuse_own_and_higher, restore
from portal.tickets.models import Step, Ticket
from portal.tickets.models.ticket import IllegalMove
from portal.tickets.rules import REVERSIBLE, Status, StepStatus
from portal.tickets.teams import own_requests
from tenants.access import Actor, action
from tenants.models import Organization
from tenants.permissions import Permission


@action(Permission.REVOCATION_FILE, step_up=True)
def reverse_revocation(
    ticket: Ticket, *, actor: Actor, at: datetime, version: int | None = None
) -> Ticket:
    """Give the access back with role and teams, and with no old session, token or invitation.

    Access that had ended before the request stays ended. A worker in the middle of a step loses
    its lease, and with it what it did. Of a team, everybody comes back or nobody.
    Raises IllegalMove, NotPermitted, StaleVersion.
    """
    Organization.objects.locked(actor.organization_id)
    ticket = Ticket.objects.locked(ticket.pk)
    holder = holder_of(ticket)
    if holder is not None:
        refuse_own_and_higher(holder, actor=actor)
    if ticket.destroyed_at is not None:
        raise IllegalMove(
            _("%(number)s has destroyed something already. Send an invitation instead.")
            % {"number": ticket.number}
        )
    ticket.check_version(version)
    ticket.move(Status.REVERSED, at=at)
    ticket.save(update_fields=["status", "version", "wake_at", "ended_at"])
    Step.objects.filter(ticket=ticket, status=StepStatus.RUNNING).update(
        status=StepStatus.PENDING, lease_holder=None, lease_until=None
    )
    if holder is not None and ticket.took_access:
        restore(holder, actor=actor, at=at)
    for one in own_requests(ticket).filter(status__in=sorted(REVERSIBLE)):
        reverse_revocation(one, actor=actor, at=at)
    record(EventName.TICKET_REVERSED, actor=actor, target=ticket)
    return ticket
