"""Ends a request on its evidence; a promise that is not proven cannot end."""

from datetime import datetime

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Refusal
from portal.fulfilment.certifying import sign_certificate
from portal.fulfilment.probes.handles import forget_handles
from portal.tickets.models import Finding, Step, Tally, Ticket
from portal.tickets.rules import Status
from tenants.access import Actor

_ENDS = ["status", "version", "wake_at", "started_at", "met_at", "ended_at", "breached_at"]


class NotProven(Refusal):
    """The evidence is not complete."""

    code = "not-proven"


def complete_revocation(ticket: Ticket, actor: Actor, at: datetime) -> None:
    findings = Finding.objects.filter(ticket=ticket)
    if findings.exclude(answer=Finding.Answer.REFUSED).exists():
        raise NotProven("A credential was not refused.")
    ticket.move(Status.COMPLETED, at=at)
    ticket.save(update_fields=_ENDS)
    forget_handles(ticket)
    record(
        EventName.TICKET_COMPLETED,
        actor=actor,
        target=ticket,
        credentials_refused=findings.count() or _of_people(ticket),
        in_time=ticket.breached_at is None,
    )


def _of_people(ticket: Ticket) -> int:
    """Of a team: what the requests of its people refused."""
    step = Step.objects.filter(ticket=ticket, name="everybody").first()
    return int(step.result.get("credentials_refused", 0)) if step else 0


def complete_deletion(ticket: Ticket, actor: Actor, at: datetime) -> None:
    tallies = Tally.objects.filter(ticket=ticket)
    if not tallies.exists() or tallies.exclude(after=0).exists():
        raise NotProven("Something is left, or was not counted.")
    ticket.move(Status.ERASED, at=at)
    ticket.save(update_fields=_ENDS)
    forget_handles(ticket)
    certificate = sign_certificate(ticket, actor=actor, at=at)
    record(
        EventName.TICKET_ERASED,
        actor=actor,
        target=ticket,
        stores={tally.store: tally.before for tally in tallies},
        residue=0,
        certificate=str(certificate.pk),
        in_time=ticket.breached_at is None,
    )
