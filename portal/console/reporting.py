"""How the promise was kept for each customer: counts and times, nothing of any content."""

from datetime import datetime

from portal.tickets.models import Ticket
from portal.tickets.reporting import CHUNK, FACT_FIELDS, Fact, Line, lines_of, within
from tenants.scoping import system_scope


def customer_report(*, at: datetime, year: int | None = None, kind: str = "") -> list[Line]:
    """One line for each customer, month and kind."""
    with system_scope("report on requests"):
        rows = Ticket.unscoped.filter(within(year, kind, at=at), organization__kind="customer")
        facts = rows.values_list("organization__name", *FACT_FIELDS)
        return lines_of((Fact(*values) for values in facts.iterator(chunk_size=CHUNK)), at=at)


def first_year(at: datetime) -> int:
    """The year of the oldest request of any customer."""
    with system_scope("report on requests"):
        rows = Ticket.unscoped.filter(organization__kind="customer").order_by("received_at")
        first = rows.values_list("received_at", flat=True).first()
    return min(first or at, at).year
