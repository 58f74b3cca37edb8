"""The row of a request, its steps and its event; and what is open or was filed before."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.names import EventName
from audit.recorder import record
from portal.tickets import rules
from portal.tickets.models import Step, Ticket
from portal.tickets.plans import steps_to_make
from portal.tickets.rules import Kind, Scope
from tenants.access import Actor
from tenants.numbers import next_number

SERIES: Mapping[Kind, str] = {Kind.REVOCATION: "REV", Kind.DELETION: "DEL"}


def open_ticket(kind: Kind, *, actor: Actor, at: datetime, **fields: Any) -> Ticket:
    """The row, its steps and its event; under the next number unless `fields` names one.

    The promise counts from now, unless `fields` say from when.
    """
    number = fields.pop("number", "") or f"{SERIES[kind]}-{next_number(SERIES[kind])}"
    received_at: datetime = fields.pop("received_at", at)
    ticket: Ticket = Ticket.objects.create(
        number=number,
        kind=kind,
        requester=actor.membership,
        requester_name=actor.name,
        filed_at=at,
        received_at=received_at,
        due_at=rules.due_at(received_at),
        previous=latest_for(kind, fields["subject_id"], fields["scope"]),
        **fields,
    )
    Step.objects.bulk_create(
        Step(ticket=ticket, position=position, name=name, title=title)
        for position, (name, title) in enumerate(steps_to_make(kind, ticket.scope), start=1)
    )
    record(
        EventName.TICKET_OPENED,
        actor=actor,
        target=ticket,
        kind=kind.value,
        scope=str(ticket.scope),
        subject_kind=ticket.subject_kind,
        subject_id=str(ticket.subject_id),
        due_at=ticket.due_at.isoformat(),
    )
    return ticket


def open_for(kind: Kind, subject_id: UUID, scope: Scope | None = None) -> Ticket | None:
    rows = Ticket.objects.still_open().for_subject(kind, subject_id)
    found: Ticket | None = (rows.filter(scope=scope) if scope else rows).first()
    return found


def latest_for(kind: Kind, subject_id: UUID, scope: Scope) -> Ticket | None:
    rows = Ticket.objects.for_subject(kind, subject_id).filter(scope=scope)
    found: Ticket | None = rows.order_by("-id").first()
    return found
