"""Destroys the keys first: from here on sealed values are unreadable, backups included."""

from django.db.models import QuerySet

from audit.models import DataKey
from audit.sealing import destroy_keys
from portal.fulfilment.work import Finished, Job, Outcome
from portal.tickets.models import Tally, Ticket
from portal.tickets.rules import Scope

PURPOSE = "integration"
# Answers that the API keeps for 24 h to repeat them: they may hold names of what goes.
KEPT_ANSWERS = "reply"


def living_keys(ticket: Ticket) -> "QuerySet[DataKey]":
    keys = DataKey.objects.filter(
        organization_id=ticket.organization_id, purpose=PURPOSE, destroyed_at__isnull=True
    )
    return keys if _subject(ticket) is None else keys.filter(subject=_subject(ticket))


def shred_keys(job: Job) -> Outcome:
    """The point of no return: noted on the request in the same transaction."""
    ticket = Ticket.objects.locked(job.ticket.pk)
    destroyed = destroy_keys(
        organization_id=ticket.organization_id, purpose=PURPOSE, subject=_subject(ticket)
    )
    destroy_keys(organization_id=ticket.organization_id, purpose=KEPT_ANSWERS, subject=None)
    ticket.destroyed_at = ticket.destroyed_at or job.at
    ticket.save(update_fields=["destroyed_at"])
    Tally.objects.filter(ticket=ticket, store="keys").update(erased=destroyed)
    return Finished({"keys": destroyed})


def _subject(ticket: Ticket) -> str | None:
    return str(ticket.subject_id) if ticket.scope == Scope.INTEGRATION else None
