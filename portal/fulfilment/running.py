"""Carries a request on, step by step, until nothing is left to do now."""

import time
from contextlib import nullcontext, suppress
from uuid import UUID

import structlog
from django.db import transaction

from audit.refusals import Refusal
from portal.fulfilment.actions import (
    LeaseLost,
    claim_step,
    fail_step,
    release_step,
    settle_step,
)
from portal.fulfilment.work import Again, Job, Outcome, carrier_of
from tenants.access import Actor, system_actor
from tenants.clock import now
from tenants.models import Organization

# After this long the request goes to the back of its lane, so that many share it fairly.
TURN_SECONDS = 20

log = structlog.get_logger(__name__)


def run_ticket(ticket_id: UUID, *, bulk: bool = False) -> None:
    """Work on one request inside its organization's scope; safe to call any number of times."""
    actor = system_actor(Organization.objects.current())
    ends = time.monotonic() + TURN_SECONDS
    while True:
        job = claim_step(ticket_id, actor=actor, at=now(), bulk=bulk)
        if job is None or not _carry_out(job, actor=actor, ends=ends):
            return


def _carry_out(job: Job, *, actor: Actor, ends: float) -> bool:
    """Whether the request may go on at once. Every end of the attempt is written down."""
    try:
        while isinstance(_piece(job, actor=actor), Again):
            if time.monotonic() > ends:
                release_step(job, actor=actor, at=now())
                return False
    except LeaseLost:
        return False
    except Refusal as refusal:
        return _fail(job, actor=actor, code=refusal.code)
    except Exception as error:
        # A poisoned step must not stop the lane: it is tried again, then parked.
        log.exception("step failed", step=job.step.name, ticket=str(job.ticket.pk))
        return _fail(job, actor=actor, code=type(error).__name__)
    return True


def _piece(job: Job, *, actor: Actor) -> Outcome:
    """One piece of the step and the note of it: together or, where that cannot be, repeatable."""
    carrier = carrier_of(job.ticket.kind, job.step.name)
    job.at = now()
    with transaction.atomic() if carrier.in_transaction else nullcontext():
        outcome = carrier.work(job)
        settle_step(job, outcome, actor=actor, at=now())
    if isinstance(outcome, Again):
        job.step.cursor = dict(outcome.cursor)
        job.step.done, job.step.total = outcome.done, outcome.total
    return outcome


def _fail(job: Job, *, actor: Actor, code: str) -> bool:
    with suppress(LeaseLost):
        fail_step(job, actor=actor, at=now(), code=code)
    return False
