"""What the person owned goes where the plan says: to a successor, to rest, or to its deletion."""

from collections import Counter

from django.db import transaction

from audit.refusals import Refusal
from portal.catalog.actions import change_integration, pause_integration
from portal.catalog.models import Integration
from portal.fulfilment.revocation.subject import subject_of
from portal.fulfilment.work import Finished, Job, Outcome
from portal.tickets.actions import file_deletion
from portal.tickets.disposing import (
    Do,
    Thing,
    default_successor,
    owned_by,
    successors,
)
from portal.tickets.models import Disposal, Ticket
from portal.tickets.rules import Scope
from portal.tickets.subjects import Wish
from tenants.actions.handing_over import hand_over_account
from tenants.models import Membership

SOURCE = "revocation"


def dispose(job: Job) -> Outcome:
    """Without a plan an integration goes to an owner, and a service account stays stopped."""
    member, done = subject_of(job.ticket), Counter[str]()
    plan = {row.thing_id: row for row in Disposal.objects.filter(ticket=job.ticket)}
    for integration in owned_by(member, Thing.INTEGRATION):
        done[_settle(job, integration, plan.get(integration.pk))] += 1
    for machine in owned_by(member, Thing.SERVICE_ACCOUNT).filter(pk__in=list(plan)):
        successor = _successor(job, plan[machine.pk], Thing.SERVICE_ACCOUNT)
        if successor is not None:
            hand_over_account(machine, actor=job.actor, successor=successor)
            done["accounts_handed_over"] += 1
    return Finished(dict(done), skipped=not done)


def _settle(job: Job, integration: Integration, row: Disposal | None) -> str:
    """What became of it; one that is being deleted, or was paused by hand, is left as it is."""
    do = row.do if row else Do.HAND_OVER
    try:
        with transaction.atomic():
            if do == Do.PAUSE:
                pause_integration(integration, actor=job.actor, at=job.at)
                return "paused"
            if do == Do.DELETE:
                _delete(job, integration)
                return "deletions_filed"
            return _hand_over(job, integration, row)
    except Refusal:
        return "left"


def _hand_over(job: Job, integration: Integration, row: Disposal | None) -> str:
    successor = _successor(job, row, Thing.INTEGRATION)
    if successor is None:
        return "left"
    name = integration.name
    change_integration(integration, actor=job.actor, name=name, owner=successor)
    return "handed_over"


def _successor(job: Job, row: Disposal | None, thing: str) -> Membership | None:
    """The one who was chosen, unless they have left or lost the right since: then an owner."""
    member = subject_of(job.ticket)
    if row is not None and row.successor_id is not None:
        chosen = successors(member, thing, at=job.at).filter(pk=row.successor_id).first()
        if chosen is not None:
            return chosen
    return default_successor(job.ticket, at=job.at)


def _delete(job: Job, integration: Integration) -> None:
    """In the name of who asked for it: whoever wanted it gone is not its second person too."""
    ticket = file_deletion(
        Wish(Scope.INTEGRATION, integration_id=integration.pk),
        actor=job.actor,
        at=job.at,
        confirmation=integration.name,
        reason=job.ticket.number,
        source=SOURCE,
    )
    if ticket.source == SOURCE:
        Ticket.objects.filter(pk=ticket.pk).update(
            requester=job.ticket.requester, requester_name=job.ticket.requester_name
        )
