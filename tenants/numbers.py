"""Short numbers that people say aloud: REV-1042, DEL-387, CASE-118, DIA-91."""

from enum import StrEnum

from django.db import IntegrityError, transaction

from tenants.models import NumberSeries


class Series(StrEnum):
    REVOCATION = "REV"
    DELETION = "DEL"
    CASE = "CASE"
    GRANT = "DIA"


# Series begin apart, so that a number read without its letters is rarely mistaken.
_BEFORE_FIRST = {
    Series.REVOCATION: 1000,
    Series.DELETION: 300,
    Series.CASE: 100,
    Series.GRANT: 50,
}


def next_number(series: Series | str) -> int:
    """The next number of the open organization; gapless, the row is locked till commit."""
    row = _locked(Series(series))
    row.last += 1
    row.save(update_fields=["last"])
    return row.last


def keep_clear_of(series: Series | str, number: str) -> None:
    """Go on behind a number that was given before a backup was restored."""
    row = _locked(Series(series))
    digits = number.removeprefix(f"{Series(series)}-")
    if digits.isdecimal() and int(digits) > row.last:
        row.last = int(digits)
        row.save(update_fields=["last"])


def _locked(key: Series) -> NumberSeries:
    row: NumberSeries | None
    row = NumberSeries.objects.select_for_update().filter(series=key).first()
    if row is None:
        try:
            with transaction.atomic():
                NumberSeries.objects.create(series=key, last=_BEFORE_FIRST[key])
        except IntegrityError:
            pass  # a neighbour made the row first; theirs is locked below
        row = NumberSeries.objects.select_for_update().get(series=key)
    return row
