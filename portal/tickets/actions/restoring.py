"""Opens again what the erasure ledger names and a restored database has forgotten."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from portal.tickets.actions.opening import SERIES, open_for, open_ticket
from portal.tickets.models import Ticket
from portal.tickets.rules import CLASS_SUBJECTS, Kind, Scope, Status
from portal.tickets.stores import integration_name
from tenants.access import Actor, action
from tenants.inventory import NOTES
from tenants.models import Organization
from tenants.numbers import keep_clear_of
from tenants.permissions import Permission

SOURCE = "restore"


@dataclass(frozen=True, slots=True)
class Erasure:
    """What the ledger keeps of an erasure: names and numbers, nothing that was erased."""

    ticket_id: UUID
    number: str
    scope: Scope
    subject_kind: str
    subject_id: UUID


@action(Permission.TICKET_WORK)
def reopen_deletion(erasure: Erasure, *, actor: Actor, at: datetime) -> Ticket:
    """The request that erases again what came back, due now: confirmed once, it needs no yes.

    Safe to repeat: a request that is at work already is returned as it stands.
    """
    Organization.objects.locked(actor.organization_id)
    known = Ticket.objects.filter(pk=erasure.ticket_id).select_for_update(no_key=True).first()
    if known is None or known.status == Status.WITHDRAWN:
        return _open_again(erasure, known, actor=actor, at=at)
    if known.is_withdrawable:
        _hasten(known, at=at)
        record(EventName.TICKET_REPLAYED, actor=actor, target=known)
    return known


def _open_again(
    erasure: Erasure,
    known: Ticket | None,
    *,
    actor: Actor,
    at: datetime,
) -> Ticket:
    standing = open_for(Kind.DELETION, erasure.subject_id, erasure.scope)
    if standing is not None and not standing.is_withdrawable:
        return standing
    if standing is not None:
        standing.move(Status.WITHDRAWN, at=at)
        standing.save(update_fields=["status", "version", "wake_at", "ended_at"])
        because = "erased again after a restore"
        record(EventName.TICKET_WITHDRAWN, actor=actor, target=standing, because=because)
    own = {"id": erasure.ticket_id, "number": _own_number(erasure)} if known is None else {}
    ticket = open_ticket(
        Kind.DELETION,
        actor=actor,
        at=at,
        scope=erasure.scope,
        status=Status.COOLING_OFF,
        subject_kind=erasure.subject_kind,
        subject_id=erasure.subject_id,
        subject_label=_label(erasure, actor=actor),
        source=SOURCE,
        confirmed_at=at,
        cooling_off_until=at,
        wake_at=at,
        **own,
    )
    record(EventName.TICKET_REPLAYED, actor=actor, target=ticket)
    return ticket


def _label(erasure: Erasure, *, actor: Actor) -> str:
    """The backup may be older than what went; the ledger keeps no names."""
    match erasure.scope:
        case Scope.INTEGRATION:
            return integration_name(erasure.subject_id) or erasure.number
        case Scope.PERSON:
            return _("A removed person")
        case Scope.DATA_CLASS:
            known = CLASS_SUBJECTS.get(erasure.subject_id)
            return str(NOTES[known].label) if known else erasure.number
        case _:
            return actor.organization.name


def _own_number(erasure: Erasure) -> str:
    """The number it had, unless the restored workspace has given it to another request."""
    if Ticket.objects.filter(number=erasure.number).exists():
        return ""
    keep_clear_of(SERIES[Kind.DELETION], erasure.number)
    return erasure.number


def _hasten(ticket: Ticket, *, at: datetime) -> None:
    """It was confirmed and carried out once; the way back ended then."""
    if ticket.status == Status.AWAITING_SECOND:
        ticket.move(Status.COOLING_OFF, at=at)
    ticket.confirmed_at = ticket.confirmed_at or at
    ticket.cooling_off_until = ticket.wake_at = at
    ticket.save(update_fields=["status", "version", "wake_at", "confirmed_at", "cooling_off_until"])
