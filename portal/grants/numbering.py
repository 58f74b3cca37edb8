"""From CASE-101 and DIA-51 in an address to the row."""

from typing import TypeVar

from portal.grants.models import BundleQuerySet, CaseQuerySet, DisputeQuerySet, GrantQuerySet

Rows = TypeVar("Rows", CaseQuerySet, GrantQuerySet)
OfCase = TypeVar("OfCase", BundleQuerySet, DisputeQuerySet)
LONGEST = 9


def numbered(rows: Rows, reference: str, series: str) -> Rows:
    """The rows with this number; none for what is no number of the series."""
    number = number_of(reference, series)
    return rows.none() if number is None else rows.filter(number=number)


def numbered_by_case(rows: OfCase, reference: str) -> OfCase:
    """What carries the number of its case. A case is of one dispute at most."""
    number = number_of(reference, "CASE")
    return rows.none() if number is None else rows.filter(case__number=number)


def number_of(reference: str, series: str) -> int | None:
    head, _dash, number = reference.partition("-")
    if head != series or not number.isascii() or not number.isdigit() or len(number) > LONGEST:
        return None
    return int(number)
