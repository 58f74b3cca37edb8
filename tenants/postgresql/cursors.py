"""A cursor that says whose rows it is about, before it sends anything."""

from collections.abc import Callable, Iterator
from typing import Any

SENDS = frozenset({"execute", "executemany", "callproc", "copy", "stream"})
FETCHES = frozenset({"fetchone", "fetchmany", "fetchall", "scroll"})

Tell = Callable[[Any], Any]


class TellingCursor:
    """Around psycopg's own, behind everything of Django's that may send statements of its own.

    A named cursor reads on while others are at work, and PostgreSQL may ask for the settings of
    its policies as late as that: with each FETCH it is told the scope of the declaration again.
    """

    def __init__(self, cursor: Any, tell: Tell, *, is_named: bool) -> None:
        self._cursor, self._tell, self._is_named = cursor, tell, is_named
        self._scope: Any = None

    def __getattr__(self, name: str) -> Any:
        if name in SENDS:
            self._scope = self._tell(None)
        elif self._is_named and name in FETCHES:
            self._tell(self._scope)
        return getattr(self._cursor, name)

    def __iter__(self) -> Iterator[Any]:
        if not self._is_named:
            yield from self._cursor
            return
        while (row := self.fetchone()) is not None:
            yield row
