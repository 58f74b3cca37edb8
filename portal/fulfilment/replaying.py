"""Erases again, from the ledger, what a restored database has brought back."""

from collections.abc import Iterator
from uuid import UUID

from portal.fulfilment import owing
from portal.fulfilment.ledger import Entry
from portal.fulfilment.running import run_ticket
from portal.tickets.actions import Erasure, reopen_deletion
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope, Status
from tenants.access import system_actor
from tenants.clock import now
from tenants.models import Organization
from tenants.scoping import organization_scope

# More turns than any deletion takes between two rests; each begins where the last one ended.
TURNS = 10_000


def replay() -> Iterator[tuple[Entry, Ticket]]:
    """Each erasure that is owed, oldest first, with the request that has carried it out."""
    for entry in owing.owed():
        with organization_scope(UUID(entry["organization"])):
            yield entry, _replay(entry)
    owing.look_again()


def _replay(entry: Entry) -> Ticket:
    erasure = Erasure(
        ticket_id=UUID(entry["ticket"]),
        number=entry["number"],
        scope=Scope(entry["scope"]),
        subject_kind=str(entry.get("subject_kind", "")),
        subject_id=UUID(entry["subject"]),
    )
    actor = system_actor(Organization.objects.current())
    ticket = reopen_deletion(erasure, actor=actor, at=now())
    for _turn in range(TURNS):
        run_ticket(ticket.pk)
        run_ticket(ticket.pk, bulk=True)
        ticket.refresh_from_db()
        if not _goes_on(ticket):
            break
    return ticket


def _goes_on(ticket: Ticket) -> bool:
    """Whether another turn would find work: a wait of any length is left to the workers."""
    if ticket.status == Status.ERASED or ticket.wake_at is None:
        return False
    return ticket.wake_at <= now()
