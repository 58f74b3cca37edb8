"""Writes down what a piece of work came to, if the worker that did it still holds the lease."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from audit.names import EventName
from audit.recorder import record
from portal.fulfilment.actions.lanes import wake_lane
from portal.fulfilment.actions.parking import park_ticket
from portal.fulfilment.actions.waiting import note_asked, waiting_fields
from portal.fulfilment.work import Again, Finished, Job, Outcome, Repair, Wait, carrier_of
from portal.tickets import rules
from portal.tickets.models import Step, Ticket
from portal.tickets.plans import steps_of
from portal.tickets.rules import Status, StepStatus
from tenants.access import Actor, action
from tenants.permissions import Permission

MAXIMUM_ROUNDS = 5
_FREE = {"lease_holder": None, "lease_until": None}

Finisher = Callable[[Ticket, Actor, datetime], None]
_finishers: dict[str, Finisher] = {}


class LeaseLost(Exception):
    """Another worker has taken the step over; whatever this one did is rolled back."""


def register_finisher(kind: str, finisher: Finisher) -> None:
    """What ends a request of this kind, in the transaction of its last step."""
    _finishers[kind] = finisher


@action(Permission.TICKET_WORK)
def settle_step(job: Job, outcome: Outcome, *, actor: Actor, at: datetime) -> None:
    """Record progress, the end of the step, its waiting, or a repair. Raises LeaseLost."""
    if isinstance(outcome, Again):
        _go_on(job, outcome, at=at)
    elif isinstance(outcome, Finished):
        _finish(job, outcome, actor=actor, at=at)
    elif isinstance(outcome, Wait):
        _wait(job, outcome, actor=actor, at=at)
    else:
        _repair(job, outcome, actor=actor, at=at)


@action(Permission.TICKET_WORK)
def fail_step(job: Job, *, actor: Actor, at: datetime, code: str) -> None:
    """Plan the next attempt, or park the request when the attempts are used up."""
    ticket = Ticket.objects.locked(job.ticket.pk)
    attempts = job.step.attempts
    _write(job, status=StepStatus.RETRYING, error_code=code, **_FREE)
    record(
        EventName.TICKET_STEP_FAILED,
        actor=actor,
        target=ticket,
        step=str(job.plan.title),
        step_name=job.step.name,
        attempt=attempts,
        code=code,
    )
    if attempts >= rules.MAXIMUM_ATTEMPTS:
        park_ticket(ticket, job.step, actor=actor, at=at, code=code)
        return
    ticket.move(Status.RETRYING, at=at)
    ticket.wake_at = at + rules.pause_after(attempts)
    ticket.save(update_fields=["status", "version", "wake_at", "started_at"])


@action(Permission.TICKET_WORK)
def release_step(job: Job, *, actor: Actor, at: datetime) -> None:  # noqa: ARG001  (the declaration's)
    """Go to the back of the lane in the middle of a long step. Raises LeaseLost."""
    _write(job, status=StepStatus.PENDING, attempts=0, **_FREE)
    Ticket.objects.filter(pk=job.ticket.pk).update(wake_at=at)
    wake_lane(job.ticket, bulk=job.plan.bulk)


def _go_on(job: Job, outcome: Again, *, at: datetime) -> None:
    until = at + carrier_of(job.ticket.kind, job.step.name).lease
    _write(
        job,
        done=outcome.done,
        total=outcome.total,
        cursor=dict(outcome.cursor),
        lease_until=until,
        # A step that gets on is no poison, however often its worker is killed.
        attempts=1,
        error_code="",
    )
    Ticket.objects.filter(pk=job.ticket.pk).update(
        wake_at=until, progress_done=outcome.done, progress_total=outcome.total
    )


def _finish(job: Job, outcome: Finished, *, actor: Actor, at: datetime) -> None:
    ticket = Ticket.objects.locked(job.ticket.pk)
    status = StepStatus.SKIPPED if outcome.skipped else StepStatus.DONE
    result = dict(outcome.result)
    _write(job, status=status, finished_at=at, result=result, error_code="", **_FREE)
    facts: dict[str, Any] = {k: v for k, v in result.items() if isinstance(v, int | str)}
    record(
        EventName.TICKET_STEP_FINISHED,
        actor=actor,
        target=ticket,
        step=str(job.plan.title),
        step_name=job.step.name,
        status=status.value,
        **facts,
    )
    if Step.objects.filter(ticket=ticket).unfinished().exists():
        ticket.wake_at = at
        ticket.save(update_fields=["wake_at"])
    else:
        _finishers[ticket.kind](ticket, actor, at)


def _wait(job: Job, outcome: Wait, *, actor: Actor, at: datetime) -> None:
    """The next claim goes on with what else there is, or lets the request rest."""
    ticket = Ticket.objects.locked(job.ticket.pk)
    answered = Step.objects.filter(pk=job.step.pk, answered_at__isnull=False).exists()
    _write(job, **waiting_fields(job, outcome, answered=answered, at=at), **_FREE)
    note_asked(ticket, job, outcome.ask, actor=actor)
    ticket.wake_at = at
    ticket.save(update_fields=["wake_at"])


def _repair(job: Job, outcome: Repair, *, actor: Actor, at: datetime) -> None:
    ticket = Ticket.objects.locked(job.ticket.pk)
    rounds = job.step.rounds + 1
    _write(job, status=StepStatus.PENDING, attempts=0, rounds=rounds, cursor={}, **_FREE)
    if rounds > MAXIMUM_ROUNDS:
        park_ticket(ticket, job.step, actor=actor, at=at, code=outcome.because)
        return
    first = next(plan for plan in steps_of(ticket.kind) if plan.name in outcome.steps)
    Step.objects.filter(ticket=ticket, name__in=outcome.steps).update(
        status=StepStatus.PENDING, finished_at=None, attempts=0, rounds=rounds, cursor={}, done=0
    )
    ticket.move(first.phase, at=at)
    if rounds > 2:  # noqa: PLR2004  (the first repair is immediate)
        ticket.wake_at = at + rules.pause_after(rounds)
    ticket.save(update_fields=["status", "version", "wake_at", "started_at"])
    record(
        EventName.TICKET_REPAIRED,
        actor=actor,
        target=ticket,
        because=outcome.because,
        steps=list(outcome.steps),
        round=rounds,
    )


def _write(job: Job, **fields: object) -> None:
    """The only way a step is written: while its lease is still this worker's."""
    held = Step.objects.filter(pk=job.step.pk, lease_holder=job.holder)
    if not held.update(**fields):
        raise LeaseLost(job.step.name)
