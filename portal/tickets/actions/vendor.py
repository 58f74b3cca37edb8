"""Steps that are the vendor's to do: opened, taken and answered by its staff, each in the log."""

from datetime import datetime
from typing import Any

from audit.names import EventName
from audit.recorder import record
from audit.refusals import NotPermitted
from portal.tickets.actions.answering import Evidence, checked, complete_step, note_evidence
from portal.tickets.actions.deciding import retry_ticket
from portal.tickets.models import Step, Ticket
from portal.tickets.models.ticket import IllegalMove
from portal.tickets.plans import step_plan
from portal.tickets.rules import StepStatus
from tenants.access import Actor, ActorKind, action
from tenants.permissions import Permission


@action(Permission.TICKET_WORK)
def open_vendor_step(step: Step, *, actor: Actor) -> Step:
    """Somebody of the vendor reads what the step asks: the customer's log says who and when."""
    ticket, step = _held(step, actor=actor)
    record(EventName.TICKET_STEP_OPENED, actor=actor, target=ticket, **_named(ticket, step))
    return step


@action(Permission.TICKET_WORK)
def take_vendor_step(step: Step, *, actor: Actor) -> Step:
    """The step is this person's from now on, whoever had it before."""
    ticket, step = _held(step, actor=actor)
    step.staff_id, step.staff_name = actor.id, actor.name
    step.save(update_fields=["staff_id", "staff_name"])
    record(EventName.TICKET_STEP_TAKEN, actor=actor, target=ticket, **_named(ticket, step))
    return step


@action(Permission.TICKET_WORK)
def answer_vendor_step(step: Step, *, actor: Actor, at: datetime, evidence: Evidence) -> Ticket:
    """What was done; one that had stopped is tried again at once. Raises Invalid, IllegalMove."""
    ticket, step = _held(step, actor=actor)
    if step.status != StepStatus.BLOCKED:
        return complete_step(step, actor=actor, at=at, evidence=evidence)
    given = checked(step, evidence)
    Step.objects.filter(pk=step.pk).update(
        evidence=given.text,
        reference=given.reference,
        completer=actor.membership,
        completer_name=actor.name,
    )
    note_evidence(ticket, step, given, actor=actor)
    return retry_ticket(ticket, actor=actor, at=at)


def _held(step: Step, *, actor: Actor) -> tuple[Ticket, Step]:
    """Raises NotPermitted for anybody but the vendor, IllegalMove for what is not theirs to do."""
    if actor.kind is not ActorKind.STAFF:
        raise NotPermitted("This step is the vendor's.")
    ticket: Ticket = Ticket.objects.locked(step.ticket_id)
    step = Step.objects.locked(step.pk)
    if not ticket.is_open or not step.is_vendors:
        raise IllegalMove("This step does not wait for the vendor any more.")
    return ticket, step


def _named(ticket: Ticket, step: Step) -> dict[str, Any]:
    return {"step": str(step_plan(ticket.kind, step.name).title), "step_name": step.name}
