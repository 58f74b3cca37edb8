"""From CASE-101 and DIA-51 in an address to the row."""

from typing import TypeVar

from portal.grants.models import CaseQuerySet, DisputeQuerySet, GrantQuerySet

Rows = TypeVar("Rows", CaseQuerySet, GrantQuerySet)
LONGEST = 9


def numbered(rows: Rows, reference: str, series: str) -> Rows:
    """The rows with this number; none for what is no number of the series."""
    number = number_of(reference, series)
    return rows.none() if number is None else rows.filter(number=number)


def numbered_by_case(rows: DisputeQuerySet, reference: str) -> DisputeQuerySet:
    """Disputes carry the number of their case. A case can be of one dispute only."""
    number = number_of(reference, "CASE")
    return rows.none() if number is None else rows.filter(case__number=number)


def number_of(reference: str, series: str) -> int | None:
    head, _dash, number = reference.partition("-")
    if head != series or not number.isascii() or not number.isdigit() or len(number) > LONGEST:
        return None
    return int(number)
