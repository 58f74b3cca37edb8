"""Pages through rows by the values of the last one, so a page never shifts or slows down."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.utils.translation import gettext as _

from audit.refusals import Malformed

Row = TypeVar("Row", bound=Model)
LONGEST_CURSOR = 2000


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of rows; an empty `next_cursor` means there are no more."""

    rows: Sequence[Row]
    next_cursor: str
    cursor: str


def keyset(
    queryset: QuerySet[Row], *, order: tuple[str, ...], cursor: str, size: int = 50
) -> Page[Row]:
    """The `size` rows after `cursor` in `order`, whose last name must be unique.

    Raises Malformed for a cursor this listing did not give.
    """
    ordered = queryset.order_by(*order)
    if cursor:
        ordered = ordered.filter(_beyond(order, cursor_values(queryset, order, cursor)))
    rows = list(ordered[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    return Page(rows, cursor_after(rows[-1], order) if more else "", cursor)


def _beyond(order: tuple[str, ...], values: list[Any]) -> Q:
    """Rows strictly after `values`: (a > x) or (a = x and b > y) and so on."""
    condition, same = Q(), Q()
    for name, value in zip(order, values, strict=True):
        side = "lt" if name.startswith("-") else "gt"
        plain = name.lstrip("-")
        condition |= same & Q(**{f"{plain}__{side}": value})
        same &= Q(**{plain: value})
    return condition


def cursor_after(row: Model, order: tuple[str, ...]) -> str:
    values = [_value(row, name.lstrip("-")) for name in order]
    text = json.dumps([_plain(value) for value in values], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _plain(value: Any) -> str | int:
    if isinstance(value, int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _value(row: Model, path: str) -> Any:
    value: Any = row
    for part in path.split("__"):
        value = getattr(value, part)
    return value


def cursor_values(queryset: QuerySet[Row], order: tuple[str, ...], cursor: str) -> list[Any]:
    unusable = Malformed(_("This page link is not usable. Start again from the first page."))
    if len(cursor) > LONGEST_CURSOR:
        raise unusable
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != len(order):
            raise unusable
        return [
            _checked(_field(queryset, name.lstrip("-")), value)
            for name, value in zip(order, values, strict=True)
        ]
    except (ValueError, ValidationError, RecursionError, OverflowError) as error:
        raise unusable from error


def _checked(field: "Field[Any, Any]", value: Any) -> Any:
    if type(value) not in (str, int):
        raise ValueError(type(value))
    if isinstance(value, str) and ("\x00" in value or not value.isprintable()):
        raise ValueError(value)
    return field.to_python(value)


def _field(queryset: QuerySet[Row], path: str) -> "Field[Any, Any]":
    if path in queryset.query.annotations:
        output: Field[Any, Any] = queryset.query.annotations[path].output_field
        return output
    model: Any = queryset.model
    *way, last = path.split("__")
    for part in way:
        model = model._meta.get_field(part).related_model  # noqa: SLF001
    found: Any = model._meta.get_field(last)  # noqa: SLF001
    if not isinstance(found, Field):
        raise FieldDoesNotExist(path)
    return found
