"""One spelling for a JSON value (RFC 8785), so that the same facts have the same hash."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import rfc8785
from django.utils.functional import Promise

from audit.instants import to_text


def canonical(value: Any) -> str:
    return rfc8785.dumps(plain(value)).decode()


def plain(value: Any) -> Any:
    """The value in JSON's own types. Raises TypeError for what has no place in a record."""
    if value is None:
        return None
    for kinds, spell in _SPELLINGS:
        if isinstance(value, kinds):
            return spell(value)
    kind = type(value).__name__
    raise TypeError(f"A {kind} cannot be recorded: pass text, a number, an instant or a list.")


def _mapping(value: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key): plain(item) for key, item in value.items()}


def _sequence(value: Iterable[Any]) -> list[Any]:
    return [plain(item) for item in value]


def _set(value: Iterable[Any]) -> list[Any]:
    return _sequence(sorted(value, key=str))


# In this order: a bool is an int, too.
_SPELLINGS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (bool, bool),
    ((str, UUID, Promise), str),
    (int, int),
    (float, float),
    (datetime, to_text),
    (timedelta, timedelta.total_seconds),
    (Mapping, _mapping),
    ((list, tuple), _sequence),
    ((set, frozenset), _set),
)
