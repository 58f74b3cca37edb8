"""Ends a step that waits for a person: done by hand, with what shows it."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted
from portal.tickets.models import Step, Ticket
from portal.tickets.models.ticket import IllegalMove
from portal.tickets.moving import TRYING_LATER, enter_phase, look_again, wake
from portal.tickets.plans import step_plan, title_of_step
from portal.tickets.rules import Status, StepStatus
from tenants.access import Actor, ActorKind, action
from tenants.permissions import Permission

EVIDENCE_LENGTH = 2000
REFERENCE_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Evidence:
    """What somebody did, in words, and where it can be looked up: a ticket number, an address."""

    text: str
    reference: str = ""


@action(Permission.TICKET_WORK)
def complete_step(
    step: Step, *, actor: Actor, at: datetime, evidence: Evidence, version: int | None = None
) -> Ticket:
    """Somebody did what the step asks. Raises IllegalMove, Invalid, NotPermitted, StaleVersion."""
    ticket: Ticket = Ticket.objects.locked(step.ticket_id)
    ticket.check_version(version)
    step = Step.objects.locked(step.pk)
    _refuse_unless_asked(ticket, step, actor=actor)
    given = checked(step, evidence)
    Step.objects.filter(pk=step.pk).update(
        status=StepStatus.DONE,
        finished_at=at,
        wait_until=None,
        error_code="",
        evidence=given.text,
        reference=given.reference,
        completer=actor.membership,
        completer_name=actor.name,
    )
    note_evidence(ticket, step, given, actor=actor)
    _send_on(ticket, step, actor=actor, at=at)
    return ticket


@action(Permission.TICKET_WORK)
def note_answer(step_id: UUID, *, actor: Actor, at: datetime) -> Ticket:
    """Another system answered: the step is looked at again now, by whoever carries it out."""
    step = Step.objects.get(pk=step_id)
    ticket = look_again(step, at=at)
    record(
        EventName.TICKET_STEP_ACKNOWLEDGED,
        actor=actor,
        target=ticket,
        step=title_of_step(ticket.kind, step),
        step_name=step.name,
    )
    return ticket


def note_evidence(ticket: Ticket, step: Step, given: Evidence, *, actor: Actor) -> None:
    record(
        EventName.TICKET_STEP_ANSWERED,
        actor=actor,
        target=ticket,
        step=title_of_step(ticket.kind, step),
        step_name=step.name,
        # Words of a person may name people; the log keeps what proves them unchanged.
        evidence_sha256=sha256(f"{given.text}\0{given.reference}".encode()).hexdigest(),
    )


def _refuse_unless_asked(ticket: Ticket, step: Step, *, actor: Actor) -> None:
    if not ticket.is_open or not step.is_asking:
        raise IllegalMove(
            _("“%(step)s” does not wait for an answer now. Look at the request again.")
            % {"step": title_of_step(ticket.kind, step)}
        )
    if step.is_for_vendor != (actor.kind is ActorKind.STAFF):
        raise NotPermitted(
            _("This step is the vendor's. They were told.")
            if step.is_for_vendor
            else _("This step is the customer's.")
        )


def checked(step: Step, evidence: Evidence) -> Evidence:
    """Raises Invalid where something required is missing or too long."""
    given = Evidence(evidence.text.strip(), evidence.reference.strip())
    errors = {}
    if not given.text:
        errors["evidence"] = _("Say what was done: %(asked)s") % {"asked": step.evidence_asked}
    elif len(given.text) > EVIDENCE_LENGTH:
        errors["evidence"] = _("Use at most %(n)d characters.") % {"n": EVIDENCE_LENGTH}
    if step.needs_reference and not given.reference:
        errors["reference"] = _("Give a number or an address under which it can be looked up.")
    elif len(given.reference) > REFERENCE_LENGTH:
        errors["reference"] = _("Use at most %(n)d characters.") % {"n": REFERENCE_LENGTH}
    if errors:
        raise Invalid(_("The evidence is not complete."), errors)
    return given


def _send_on(ticket: Ticket, step: Step, *, actor: Actor, at: datetime) -> None:
    """Back to work, unless another step still asks, or the request tries again later anyway."""
    others = Step.objects.filter(ticket=ticket).asking().exists()
    if ticket.status == Status.WAITING_INPUT and not others:
        enter_phase(ticket, step_plan(ticket.kind, step.name).phase, actor=actor, at=at)
    else:
        ticket.version += 1
    if ticket.status not in TRYING_LATER:
        ticket.wake_at = at
    ticket.save(update_fields=["status", "version", "wake_at", "started_at"])
    wake(ticket)
