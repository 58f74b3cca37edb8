"""What may still be decided about a revocation that was filed ahead."""

from datetime import datetime

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from portal.tickets.actions.revoking import begin, begin_sooner
from portal.tickets.holders import give_up, holder_of, refuse_own_and_higher
from portal.tickets.models import Ticket
from portal.tickets.models.ticket import IllegalMove
from portal.tickets.rules import Status
from portal.tickets.teams import own_requests
from tenants.access import Actor, action
from tenants.models import Organization
from tenants.permissions import Permission


@action(Permission.REVOCATION_FILE, step_up=True)
def hasten_revocation(
    ticket: Ticket, *, actor: Actor, at: datetime, version: int | None = None
) -> Ticket:
    """Block the access now instead of at the planned instant.

    Raises IllegalMove, LastOwner, NotPermitted, StaleVersion.
    """
    ticket = _scheduled(ticket, actor=actor, version=version)
    for one in own_requests(ticket).filter(status=Status.SCHEDULED):
        hasten_revocation(one, actor=actor, at=at)
    return begin_sooner(ticket, actor=actor, at=at)


@action(Permission.REVOCATION_FILE, step_up=True)
def cancel_revocation(
    ticket: Ticket, *, actor: Actor, at: datetime, version: int | None = None
) -> Ticket:
    """Give the planned revocation up while access still stands.

    Raises IllegalMove, NotPermitted, StaleVersion.
    """
    ticket = _scheduled(ticket, actor=actor, version=version)
    if ticket.received_at <= at:
        raise IllegalMove(
            _("%(number)s has blocked the access already; it cannot be cancelled any more.")
            % {"number": ticket.number}
        )
    for one in own_requests(ticket).filter(status=Status.SCHEDULED):
        cancel_revocation(one, actor=actor, at=at)
    holder = holder_of(ticket)
    if holder is not None:
        give_up(holder, actor=actor)
    ticket.move(Status.WITHDRAWN, at=at)
    ticket.save(update_fields=["status", "version", "wake_at", "ended_at"])
    record(EventName.TICKET_WITHDRAWN, actor=actor, target=ticket)
    return ticket


@action(Permission.TICKET_WORK)
def begin_revocation(ticket: Ticket, *, actor: Actor, at: datetime) -> Ticket:
    """Write down that the planned instant has come; access ended by itself then."""
    Organization.objects.locked(actor.organization_id)
    ticket = Ticket.objects.locked(ticket.pk)
    if ticket.status != Status.SCHEDULED or ticket.received_at > at:
        return ticket
    return begin(ticket, actor=actor, at=at)


def _scheduled(ticket: Ticket, *, actor: Actor, version: int | None) -> Ticket:
    """The request, locked after its organization as everywhere, if it is still to come."""
    Organization.objects.locked(actor.organization_id)
    ticket = Ticket.objects.locked(ticket.pk)
    holder = holder_of(ticket)
    if holder is not None:
        refuse_own_and_higher(holder, actor=actor)
    ticket.check_version(version)
    if ticket.status != Status.SCHEDULED:
        raise IllegalMove(_("%(number)s is not scheduled.") % {"number": ticket.number})
    return ticket
