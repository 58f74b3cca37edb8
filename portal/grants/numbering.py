"""From CASE-101 and DIA-51 in an address to the row."""

from typing import TypeVar

from django.utils.translation import gettext as _

from audit.refusals import NotFound
from portal.grants.models import CaseQuerySet, GrantQuerySet

Rows = TypeVar("Rows", CaseQuerySet, GrantQuerySet)
LONGEST = 9


def numbered(rows: Rows, reference: str, series: str) -> Rows:
    """The rows with this number. Raises NotFound for what is no number of the series."""
    head, _dash, number = reference.partition("-")
    if head != series or not number.isascii() or not number.isdigit() or len(number) > LONGEST:
        raise NotFound(_("There is nothing with this number."))
    return rows.filter(number=int(number))
