"""Destroys the keys first: from here on sealed values are unreadable, backups included."""

from django.db.models import QuerySet

from audit.models import DataKey
from audit.sealing import PERSON, destroy_keys
from portal.fulfilment.deletion.sought import sought_by
from portal.fulfilment.work import Finished, Job, Outcome
from portal.tickets.models import Tally, Ticket
from portal.tickets.rules import Scope

PURPOSE = "integration"
# Answers that the API keeps for 24 h to repeat them: they may hold names of what goes.
KEPT_ANSWERS = "reply"
# Lists of people somebody has uploaded are sealed for their uploader.
OWN_UPLOADS = "invitation-list"


def living_keys(ticket: Ticket) -> "QuerySet[DataKey]":
    keys = DataKey.objects.filter(organization_id=ticket.organization_id, destroyed_at__isnull=True)
    subject = str(ticket.subject_id)
    match Scope(ticket.scope):
        case Scope.ALL_METADATA:
            return keys.filter(purpose=PURPOSE)
        case Scope.INTEGRATION:
            return keys.filter(purpose=PURPOSE, subject=subject)
        case Scope.PERSON:
            sought = sought_by(ticket)
            ids = sought.ids if sought else (subject,)
            return keys.filter(purpose__in=[PERSON, OWN_UPLOADS], subject__in=ids)
        case Scope.CLOSE:
            return keys
        case _:
            return keys.none()


def shred_keys(job: Job) -> Outcome:
    """The point of no return: noted on the request in the same transaction."""
    ticket = Ticket.objects.locked(job.ticket.pk)
    destroyed = 0
    for purpose, subject in set(living_keys(ticket).values_list("purpose", "subject")):
        destroyed += destroy_keys(
            organization_id=ticket.organization_id, purpose=purpose, subject=subject
        )
    destroy_keys(organization_id=ticket.organization_id, purpose=KEPT_ANSWERS, subject=None)
    ticket.destroyed_at = ticket.destroyed_at or job.at
    ticket.save(update_fields=["destroyed_at"])
    Tally.objects.filter(ticket=ticket, store="keys").update(erased=destroyed)
    return Finished({"keys": destroyed})
