"""From CASE-101 and DIA-51 in an address to the row."""

from typing import TypeVar

from portal.grants.models import CaseQuerySet, GrantQuerySet

Rows = TypeVar("Rows", CaseQuerySet, GrantQuerySet)
LONGEST = 9


def numbered(rows: Rows, reference: str, series: str) -> Rows:
    """The rows with this number; none for what is no number of the series."""
    head, _dash, number = reference.partition("-")
    if head != series or not number.isascii() or not number.isdigit() or len(number) > LONGEST:
        return rows.none()
    return rows.filter(number=int(number))
