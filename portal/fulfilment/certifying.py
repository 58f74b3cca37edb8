"""Writes and signs the certificate of a deletion."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings

from audit.canonical import canonical
from audit.identifiers import new_id
from audit.names import EventName
from audit.recorder import record
from audit.signing import sign
from audit.tree import latest_checkpoint
from portal.fulfilment.models import Certificate
from portal.tickets.models import Step, Tally, Ticket
from portal.tickets.remaining import stays
from portal.tickets.rules import StepStatus
from tenants.access import Actor
from tenants.models import Organization

FORM = "gatehouse-deletion-certificate/1"


def sign_certificate(ticket: Ticket, *, actor: Actor, at: datetime) -> Certificate:
    """Sign what the request proved, in the transaction that ends it."""
    certificate_id = new_id()
    document = sign({"form": FORM, "certificate": certificate_id} | _facts(ticket, at=at))
    certificate: Certificate = Certificate.objects.create(
        id=certificate_id, ticket=ticket, document=canonical(document), signed_at=at
    )
    record(EventName.CERTIFICATE_SIGNED, actor=actor, target=certificate, key=str(document["key"]))
    return certificate


def _facts(ticket: Ticket, *, at: datetime) -> dict[str, Any]:
    organization = Organization.objects.current()
    return {
        "number": ticket.number,
        "organization": {"id": organization.pk, "name": organization.name},
        "scope": {
            "kind": ticket.scope,
            "label": str(ticket.get_scope_display()),
            "subject": ticket.subject_id,
            "name": ticket.subject_label,
        },
        # People by their ids: what is signed can never be changed, and names must be erasable.
        "filed": {"by": _who(ticket.requester_id), "at": ticket.received_at},
        "confirmed": {
            "by": _who(ticket.confirmer_id or ticket.requester_id),
            "at": ticket.confirmed_at,
            "second_person": bool(ticket.confirmer_name),
        },
        "due_at": ticket.due_at,
        "begun_at": ticket.destroyed_at,
        "erased_at": at,
        "in_time": ticket.breached_at is None,
        "stores": [_store(tally) for tally in _tallies(ticket)],
        "residue": sum(tally.after or 0 for tally in _tallies(ticket)),
        "stays": [
            {"what": str(what), "why": str(why)}
            for what, why in stays(ticket.scope, ticket.subject_id)
        ],
        "storage": _result(ticket, "storage").get("storage", ""),
        "backups": {
            "days": settings.BACKUP_DAYS,
            "gone_by": (at + timedelta(days=settings.BACKUP_DAYS)).date().isoformat(),
        },
        "steps": [_step(step) for step in _steps(ticket)],
        "audit": _checkpoint(ticket),
    }


def _who(member_id: UUID | None) -> str:
    """As in the audit log, which says the name for as long as it may be known."""
    return f"member {member_id}" if member_id else "nobody who is still known"


def _store(tally: Tally) -> dict[str, Any]:
    return {
        "store": tally.store,
        "label": tally.label,
        "before": tally.before,
        "root": tally.root,
        "after": tally.after,
        "checked_at": tally.checked_at,
    }


def _step(step: Step) -> dict[str, Any]:
    return {"name": step.name, "finished_at": step.finished_at, "rounds": step.rounds}


def _checkpoint(ticket: Ticket) -> dict[str, Any]:
    """The last signed head of the log, so that the certificate and the log hold each other."""
    checkpoint = latest_checkpoint(ticket.organization_id)
    if checkpoint is None:
        return {}
    return {"size": checkpoint.size, "root": checkpoint.root, "at": checkpoint.created_at}


def _result(ticket: Ticket, name: str) -> dict[str, Any]:
    step = Step.objects.filter(ticket=ticket, name=name, status=StepStatus.DONE).first()
    return dict(step.result) if step else {}


def _steps(ticket: Ticket) -> list[Step]:
    return list(Step.objects.filter(ticket=ticket).order_by("position"))


def _tallies(ticket: Ticket) -> list[Tally]:
    return list(Tally.objects.filter(ticket=ticket).order_by("position"))
