"""The envelope of a request: all that staff see of it without a grant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from portal.console.overview import late
from portal.tickets.models import Step, Ticket
from portal.tickets.plans import step_plan
from portal.tickets.rules import TIME_TO_FULFIL, Kind, Status
from portal.ui.paging import Page, keyset
from tenants.scoping import system_scope

# The system that works on a request; a person takes over only where one is named.
WORKER = "Gatehouse"
_CUSTOMERS = frozenset({Status.AWAITING_SECOND, Status.WAITING_INPUT})
# What a step waits for as it should: nobody at the vendor has anything to repair.
_NO_ERRORS = frozenset({"people-open", "others-open", "not-acknowledged"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """Organization, number, kind, state, step, clock, error code, assignee; a test pins it."""

    organization: str
    number: str
    kind: str
    state: str
    step: str
    received_at: datetime
    due_at: datetime
    is_paused: bool
    error_code: str
    assignee: str

    @property
    def running_from(self) -> datetime:
        """Where the bar of the clock begins: a pause has moved it on together with the end."""
        return self.due_at - TIME_TO_FULFIL


def envelope_page(*, cursor: str = "", size: int = 50) -> Page[Any]:
    """Open requests of all customers by their clocks, the most urgent first."""
    with system_scope("envelopes of requests"):
        current = Step.unscoped.filter(ticket=OuterRef("pk"), finished_at__isnull=True)
        current = current.order_by("position")
        rows = (
            Ticket.unscoped.filter(ended_at__isnull=True, organization__kind="customer")
            .select_related("organization")
            .only(
                "number",
                "kind",
                "status",
                "received_at",
                "paused_seconds",
                "due_at",
                "organization__name",
            )
            .annotate(
                step_name=Subquery(current.values("name")[:1]),
                step_error=Subquery(current.values("error_code")[:1]),
            )
        )
        found = keyset(rows, order=("due_at", "id"), cursor=cursor, size=size)
        envelopes = _envelopes(found.rows)
    return Page(envelopes, found.next_cursor, found.cursor)


def late_count(at: datetime) -> int:
    with system_scope("envelopes of requests"):
        return late(Ticket.unscoped.filter(ended_at__isnull=True), at=at).count()


def _assignee(status: str) -> str:
    if status == Status.BLOCKED:
        return _("on call")
    return _("the customer") if status in _CUSTOMERS else WORKER


def _step(kind: str, name: str | None) -> str:
    """Its words in the plan: the title on the row itself may be a name of the customer's."""
    return str(step_plan(kind, name).title) if name else ""


def _error(code: str | None) -> str:
    return "" if code is None or code in _NO_ERRORS else code


def _envelopes(rows: Sequence[Any]) -> list[Envelope]:
    return [
        Envelope(
            organization=row.organization.name,
            number=row.number,
            kind=str(Kind(row.kind).label),
            state=str(Status(row.status).label),
            step=_step(row.kind, row.step_name),
            received_at=row.received_at,
            due_at=row.due_at,
            is_paused=row.is_paused,
            error_code=_error(row.step_error),
            assignee=_assignee(row.status),
        )
        for row in rows
    ]
