"""What people may still decide about a filed request: confirm, withdraw, try again."""

from datetime import datetime

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import NotPermitted
from portal.queue.names import JobName
from portal.queue.publishing import enqueue
from portal.tickets import rules
from portal.tickets.models import Step, Ticket
from portal.tickets.models.ticket import IllegalMove
from portal.tickets.rules import Scope, Status, StepStatus
from tenants.access import Actor, action
from tenants.models import Policy
from tenants.permissions import Permission

_CLOCK_FIELDS = [
    "status", "version", "wake_at", "due_at", "paused_seconds", "confirmed_at",
    "cooling_off_until", "confirmer", "confirmer_name",
]  # fmt: skip


@action(Permission.DELETION_FILE, step_up=True)
def confirm_deletion(
    ticket: Ticket, *, actor: Actor, at: datetime, version: int | None = None
) -> Ticket:
    """The second person's yes; the cooling-off begins. Raises NotPermitted, IllegalMove."""
    ticket = Ticket.objects.locked(ticket.pk)
    ticket.check_version(version)
    if actor.membership is None or actor.membership.pk == ticket.requester_id:
        raise NotPermitted(_("Somebody else than the person who asked must confirm this."))
    if ticket.scope == Scope.CLOSE:
        actor.require(Permission.DELETION_CLOSE_ORGANIZATION)
    ticket.move(Status.COOLING_OFF, at=at)
    cooling_off = Policy.objects.get().cooling_off
    ticket.confirm(at=at, cooling_off=cooling_off, paused=at - ticket.received_at)
    ticket.confirmer, ticket.confirmer_name = actor.membership, actor.name
    ticket.save(update_fields=_CLOCK_FIELDS)
    record(
        EventName.TICKET_CONFIRMED,
        actor=actor,
        target=ticket,
        cooling_off_until=str(ticket.cooling_off_until),
    )
    return ticket


@action(Permission.DELETION_FILE)
def withdraw_deletion(
    ticket: Ticket, *, actor: Actor, at: datetime, version: int | None = None
) -> Ticket:
    """Take a deletion back while nothing is destroyed yet. Raises IllegalMove, StaleVersion."""
    ticket = Ticket.objects.locked(ticket.pk)
    ticket.check_version(version)
    _withdraw(ticket, at=at)
    record(EventName.TICKET_WITHDRAWN, actor=actor, target=ticket)
    return ticket


@action(Permission.TICKET_WORK)
def lapse_confirmation(ticket: Ticket, *, actor: Actor, at: datetime) -> Ticket:
    """End a deletion that no second person answered within the window."""
    ticket = Ticket.objects.locked(ticket.pk)
    if ticket.status != Status.AWAITING_SECOND:
        return ticket
    if at < ticket.received_at + rules.SECOND_PERSON_WINDOW:
        return ticket
    _withdraw(ticket, at=at)
    record(EventName.TICKET_WITHDRAWN, actor=actor, target=ticket, because="not answered")
    return ticket


@action(Permission.TICKET_WORK)
def retry_ticket(
    ticket: Ticket, *, actor: Actor, at: datetime, version: int | None = None
) -> Ticket:
    """Wake a request that stopped after too many attempts. Raises IllegalMove."""
    ticket = Ticket.objects.locked(ticket.pk)
    ticket.check_version(version)
    if ticket.status != Status.BLOCKED:
        raise IllegalMove(_("%(number)s is not stopped.") % {"number": ticket.number})
    ticket.wake_at, ticket.version = at, ticket.version + 1
    ticket.save(update_fields=["wake_at", "version"])
    Step.objects.filter(ticket=ticket, status=StepStatus.BLOCKED).update(attempts=0)
    record(EventName.TICKET_RESUMED, actor=actor, target=ticket)
    enqueue(
        JobName.TICKET_PROCESS, organization_id=str(actor.organization_id), ticket_id=str(ticket.pk)
    )
    return ticket


def _withdraw(ticket: Ticket, *, at: datetime) -> None:
    ticket.move(Status.WITHDRAWN, at=at)
    ticket.save(update_fields=["status", "version", "wake_at", "ended_at"])
