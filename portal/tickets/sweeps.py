"""Repeated work on requests: wake what is due, and tell when time runs out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from django.db.models import F, Q

from portal.queue.names import JobName
from portal.queue.publishing import enqueue
from portal.queue.sweeping import sweep
from portal.tickets import rules
from portal.tickets.actions import escalate_ticket, lapse_confirmation, reassign_step
from portal.tickets.models import Step, Ticket
from portal.tickets.rules import Status, StepStatus
from tenants.access import Actor, system_actor
from tenants.models import Membership, Organization
from tenants.permissions import Permission
from tenants.scoping import organization_scope, system_scope

BATCH = 500
# A message that was sent is given this long before another one is.
NUDGE = timedelta(seconds=30)

Place = tuple[UUID, UUID]


def bring_forward(at: datetime) -> None:
    """The clock was set back: look at everything at once, but keep what was promised for a date."""
    with system_scope("requests with work to do"):
        Ticket.unscoped.filter(status__in=sorted(rules.AT_WORK), wake_at__gt=at).update(
            wake_at=at, nudged_at=None
        )
        Ticket.unscoped.filter(nudged_at__gt=at).update(nudged_at=None)


@sweep("tickets.wake", every=timedelta(seconds=5), after_setback=bring_forward)
def wake_due(at: datetime) -> None:
    """Send a wake-up for each request with work to do; what a broker lost is found here."""
    not_nudged = (
        Q(nudged_at__isnull=True) | Q(nudged_at__lte=at - NUDGE) | Q(nudged_at__lt=F("wake_at"))
    )
    with system_scope("requests with work to do"):
        # Filed by a clock that was set back since, maybe before any sweep ran by that clock.
        early = Ticket.unscoped.filter(status__in=sorted(rules.AT_WORK), received_at__gt=at)
        early.filter(wake_at__gt=at).update(wake_at=at, nudged_at=None)
        due = Ticket.unscoped.filter(
            not_nudged, wake_at__lte=at, status__in=sorted(rules.OPEN)
        ).order_by("due_at")
        places: list[Place] = list(due.values_list("pk", "organization_id")[:BATCH])
        Ticket.unscoped.filter(pk__in=[ticket for ticket, _ in places]).update(nudged_at=at)
    for ticket_id, organization_id in places:
        enqueue(
            JobName.TICKET_PROCESS, organization_id=str(organization_id), ticket_id=str(ticket_id)
        )


@sweep("tickets.clock", every=timedelta(minutes=1))
def watch_clocks(at: datetime) -> None:
    """Escalate at 50, 75 and 90 %, mark late, and end what no second person answered."""
    half = at - rules.TIME_TO_FULFIL / 2
    with system_scope("requests whose time runs out"):
        running = Ticket.unscoped.filter(
            status__in=sorted(rules.OPEN), received_at__lte=half, breached_at__isnull=True
        ).order_by("due_at")
        places: list[Place] = list(running.values_list("pk", "organization_id"))
    for ticket_id, organization_id in places:
        with _system_at_work(organization_id) as actor:
            ticket = Ticket.objects.get(pk=ticket_id)
            if ticket.status == Status.AWAITING_SECOND:
                lapse_confirmation(ticket, actor=actor, at=at)
            else:
                escalate_ticket(ticket, actor=actor, at=at)


@sweep("tickets.assignees", every=timedelta(minutes=1))
def reassign_left_steps(at: datetime) -> None:
    """No step stays with somebody who cannot answer it: access gone or ending, right taken away."""
    with system_scope("steps that ask somebody by name"):
        asking = Step.unscoped.filter(
            status=StepStatus.WAITING, assignee__isnull=False, is_for_vendor=False
        ).exclude(asks="")
        asking = asking.filter(ticket__status__in=sorted(rules.OPEN)).order_by("organization_id")
        places: list[Place] = list(asking.values_list("pk", "organization_id"))
    for organization_id, steps in groupby(places, key=itemgetter(1)):
        with _system_at_work(organization_id) as actor:
            able = Membership.objects.holders(Permission.TICKET_WORK, at=at).values("pk")
            left = Step.objects.filter(pk__in=[pk for pk, _ in steps]).exclude(assignee__in=able)
            for step_id in left.values_list("pk", flat=True):
                reassign_step(step_id, actor=actor, at=at)


@contextmanager
def _system_at_work(organization_id: UUID) -> Iterator[Actor]:
    with organization_scope(organization_id):
        yield system_actor(Organization.objects.current())
