"""Gives a step that asks somebody to somebody else, when whoever was asked cannot answer."""

from datetime import datetime
from uuid import UUID

from audit.names import EventName
from audit.recorder import record
from portal.tickets.answerers import answerer
from portal.tickets.models import Step, Ticket
from portal.tickets.plans import title_of_step
from tenants.access import Actor, action
from tenants.permissions import Permission


@action(Permission.TICKET_WORK)
def reassign_step(step_id: UUID, *, actor: Actor, at: datetime) -> Step:
    """To an owner, who is told by the same letter; to whoever works on requests without one.

    Safe to repeat: a step whose assignee can answer stays with them.
    """
    ticket = Ticket.objects.locked(Step.objects.get(pk=step_id).ticket_id)
    step: Step = Step.objects.locked(step_id)
    heir = answerer(step.assignee_id, ticket, at=at)
    if not (ticket.is_open and step.is_asking) or heir == step.assignee:
        return step
    step.assignee, step.assignee_name = heir, str(heir) if heir else ""
    step.save(update_fields=["assignee", "assignee_name"])
    record(
        EventName.TICKET_STEP_ASKED,
        actor=actor,
        target=ticket,
        step=title_of_step(ticket.kind, step),
        step_name=step.name,
        assignee_id=str(heir.pk) if heir else "",
        due_at=step.answer_due_at.isoformat() if step.answer_due_at else "",
    )
    return step
