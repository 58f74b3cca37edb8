"""Lets a request rest while a person or another system has the next move; its clock runs on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from audit.names import EventName
from audit.recorder import record
from portal.fulfilment.work import Ask, Job, Wait
from portal.tickets.models import Step, Ticket
from portal.tickets.moving import enter_phase
from portal.tickets.plans import step_plan, title_of_step
from portal.tickets.rules import Status, StepStatus
from tenants.access import Actor

_NOBODY: dict[str, Any] = {
    "asks": "", "evidence_asked": "", "needs_reference": False, "answer_due_at": None,
    "assignee": None, "assignee_name": "", "is_for_vendor": False,
}  # fmt: skip


def waiting_fields(job: Job, outcome: Wait, *, answered: bool, at: datetime) -> dict[str, Any]:
    """What is written on a step that waits; one answered meanwhile is looked at again at once."""
    asked = _asked(outcome.ask) if outcome.ask else _NOBODY
    return {
        "status": StepStatus.WAITING,
        "wait_until": at if answered else outcome.until,
        "waiting_since": job.step.waiting_since or at,
        "error_code": outcome.because,
        "cursor": dict(outcome.cursor),
        "attempts": 0,
        **asked,
    }


def note_asked(ticket: Ticket, job: Job, ask: Ask | None, *, actor: Actor) -> None:
    """Once for each person asked, however often a worker looks again."""
    if ask is None or _is_same(job.step, ask):
        return
    record(
        EventName.TICKET_STEP_ASKED,
        actor=actor,
        target=ticket,
        step=str(job.plan.title),
        step_name=job.step.name,
        assignee_id=str(ask.assignee.pk) if ask.assignee else "",
        due_at=ask.due_at.isoformat(),
        for_vendor=ask.is_for_vendor,
    )


def rest_ticket(ticket: Ticket, steps: Sequence[Step], *, actor: Actor, at: datetime) -> None:
    """Nothing is left to do now: the request needs somebody, or a system's answer."""
    is_asking = any(step.is_asking for step in steps)
    if is_asking and ticket.status != Status.WAITING_INPUT:
        ticket.move(Status.WAITING_INPUT, at=at)
        asked = ", ".join(title_of_step(ticket.kind, step) for step in steps if step.is_asking)
        record(EventName.TICKET_NEEDS_INPUT, actor=actor, target=ticket, reason=asked)
    elif not is_asking:
        enter_phase(ticket, step_plan(ticket.kind, steps[0].name).phase, actor=actor, at=at)
    looks = [step.wait_until for step in steps if step.wait_until is not None]
    ticket.wake_at = min(looks, default=None)
    ticket.save(update_fields=["status", "version", "wake_at", "started_at"])


def _asked(ask: Ask) -> dict[str, Any]:
    return {
        "asks": ask.what,
        "evidence_asked": ask.evidence,
        "needs_reference": ask.needs_reference,
        "answer_due_at": ask.due_at,
        "assignee": ask.assignee,
        "assignee_name": str(ask.assignee) if ask.assignee else "",
        "is_for_vendor": ask.is_for_vendor,
    }


def _is_same(step: Step, ask: Ask) -> bool:
    asked = (step.asks != "", step.assignee_id, step.is_for_vendor)
    return asked == (True, ask.assignee.pk if ask.assignee else None, ask.is_for_vendor)
