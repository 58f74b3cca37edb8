"""Takes access: now, or at an instant to come that needs no worker to be true."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid
from portal.queue.names import JobName
from portal.queue.publishing import enqueue
from portal.tickets import rules
from portal.tickets.actions.opening import open_for, open_ticket
from portal.tickets.disposing import Choice, keep_plan, refuse_if_handed_over
from portal.tickets.holders import (
    SCOPES,
    Holder,
    block,
    holder_of,
    plan_end,
    refuse_own_and_higher,
)
from portal.tickets.models import Ticket
from portal.tickets.rules import Kind, Status
from tenants.access import Actor, action
from tenants.models import Membership, Organization
from tenants.permissions import Permission

BLOCK_FIELDS = ["status", "version", "wake_at", "received_at", "due_at", "contained_at"]


@action(Permission.REVOCATION_FILE, step_up=True)
def file_revocation(
    holder: Holder,
    *,
    actor: Actor,
    at: datetime,
    reason: str = "",
    source: str = "person",
    effective_at: datetime | None = None,
    plan: Sequence[Choice] = (),
) -> Ticket:
    """Block somebody's access, and open the request that cleans up and proves it.

    Now, or at `effective_at`. An open request about the same is returned as it is; one that
    is only scheduled is brought forward, never put off. `plan` says what becomes of what they
    own. Raises Invalid, LastOwner, NotPermitted.
    """
    refuse_own_and_higher(holder, actor=actor)
    Organization.objects.locked(actor.organization_id)
    check_instant(effective_at, at=at)
    ticket = _filed(
        holder, actor=actor, at=at, reason=reason, source=source, effective_at=effective_at
    )
    if plan and isinstance(holder, Membership):
        refuse_if_handed_over(ticket)
        keep_plan(ticket, holder, plan, actor=actor, at=at)
    return ticket


def _filed(
    holder: Holder,
    *,
    actor: Actor,
    at: datetime,
    effective_at: datetime | None,
    **facts: object,
) -> Ticket:
    standing = open_for(Kind.REVOCATION, holder.pk)
    if standing is not None:
        return _attach(standing, actor=actor, at=at, effective_at=effective_at)
    if effective_at is not None:
        plan_end(holder, actor=actor, at=at, blocked_from=effective_at)
        when = {
            "status": Status.SCHEDULED,
            "scheduled_for": effective_at,
            "received_at": effective_at,
            "wake_at": effective_at,
        }
        return _open(holder, actor=actor, at=at, **facts, **when)
    since = {"status": Status.CONTAINED, "contained_at": block(holder, actor=actor, at=at)}
    ticket = _open(holder, actor=actor, at=at, wake_at=at, **facts, **since)
    wake(ticket)
    return ticket


def _open(holder: Holder, *, actor: Actor, at: datetime, **fields: object) -> Ticket:
    scope = SCOPES[type(holder)]
    return open_ticket(
        Kind.REVOCATION,
        actor=actor,
        at=at,
        scope=scope,
        subject_kind=scope.value,
        subject_id=holder.pk,
        subject_label=str(holder),
        **fields,
    )


def _attach(
    standing: Ticket, *, actor: Actor, at: datetime, effective_at: datetime | None
) -> Ticket:
    """What was asked before stands, unless access is to end sooner now."""
    ticket = Ticket.objects.locked(standing.pk)
    if ticket.status != Status.SCHEDULED or _is_no_sooner(effective_at, ticket):
        record(EventName.TICKET_ATTACHED, actor=actor, target=ticket)
        return ticket
    if effective_at is None:
        return begin_sooner(ticket, actor=actor, at=at)
    return _move_forward(ticket, actor=actor, at=at, effective_at=effective_at)


def _is_no_sooner(effective_at: datetime | None, ticket: Ticket) -> bool:
    return effective_at is not None and effective_at >= ticket.received_at


def _move_forward(ticket: Ticket, *, actor: Actor, at: datetime, effective_at: datetime) -> Ticket:
    holder = holder_of(ticket)
    if holder is not None:
        plan_end(holder, actor=actor, at=at, blocked_from=effective_at)
    before, ticket.version = ticket.received_at, ticket.version + 1
    ticket.scheduled_for = ticket.received_at = ticket.wake_at = effective_at
    ticket.due_at = rules.due_at(effective_at)
    ticket.save(update_fields=["scheduled_for", "version", "wake_at", "received_at", "due_at"])
    _record_sooner(ticket, actor=actor, before=before, after=effective_at)
    return ticket


def _record_sooner(ticket: Ticket, *, actor: Actor, before: datetime, after: datetime) -> None:
    record(
        EventName.TICKET_RESCHEDULED,
        actor=actor,
        target=ticket,
        before=before.isoformat(),
        after=after.isoformat(),
    )


def begin_sooner(ticket: Ticket, *, actor: Actor, at: datetime) -> Ticket:
    """Block a planned access now, and say who did not wait for the planned instant."""
    _record_sooner(ticket, actor=actor, before=ticket.received_at, after=at)
    return begin(ticket, actor=actor, at=at)


def begin(ticket: Ticket, *, actor: Actor, at: datetime) -> Ticket:
    """Block the access of a scheduled request, inside the caller's transaction and locks.

    The promise counts from the end of the access: its planned instant, or now if that is sooner.
    """
    holder = holder_of(ticket)
    since = received_at = max(ticket.filed_at, min(at, ticket.received_at))
    if holder is not None:
        since = block(holder, actor=actor, at=at)
    ticket.block(since=since, received_at=received_at, at=at)
    ticket.save(update_fields=BLOCK_FIELDS)
    record(
        EventName.TICKET_CONTAINED,
        actor=actor,
        target=ticket,
        contained_at=since.isoformat(),
        due_at=ticket.due_at.isoformat(),
    )
    wake(ticket)
    return ticket


def check_instant(effective_at: datetime | None, *, at: datetime) -> None:
    """Raises Invalid for an instant gone by, or further away than anybody should promise."""
    if effective_at is None:
        return
    if effective_at <= at:
        said = _("Choose a time to come, or leave it empty to block access now.")
    elif effective_at > at + rules.FURTHEST_AHEAD:
        said = _("Choose a time within the next %(days)d days.") % {
            "days": rules.FURTHEST_AHEAD.days
        }
    else:
        return
    raise Invalid(_("This time does not fit."), {"effective_at": said})


def wake(ticket: Ticket) -> None:
    enqueue(
        JobName.TICKET_PROCESS,
        organization_id=str(ticket.organization_id),
        ticket_id=str(ticket.pk),
    )
