"""The one clock: the database's time on PostgreSQL, the machine's on SQLite."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from django.db import connection

# (the database's time, this machine's monotonic seconds) when the scope opened.
_anchor: ContextVar[tuple[datetime, float] | None] = ContextVar("clock_anchor", default=None)
_shift: ContextVar[timedelta] = ContextVar("clock_shift", default=timedelta(0))


def now() -> datetime:
    """The present instant in UTC. Read once at an interface and passed on as `at`."""
    if connection.vendor != "postgresql":
        return datetime.now(tz=UTC) + _shift.get()
    anchor = _anchor.get() or _read_database()
    return anchor[0] + timedelta(seconds=time.monotonic() - anchor[1]) + _shift.get()


def anchor(instant: datetime) -> None:
    """Remember the database's time, so that `now` costs no query inside a scope."""
    _anchor.set((instant.astimezone(UTC), time.monotonic()))


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Move this context's clock, for rehearsals and tests; stored instants stay what they are."""
    token = _shift.set(_shift.get() + by)
    try:
        yield
    finally:
        _shift.reset(token)


def _read_database() -> tuple[datetime, float]:
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC), time.monotonic()
