"""The one clock: the database's time on PostgreSQL, the machine's on SQLite."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

from django.db import Error, connection

# For how long this machine's seconds are counted on from the database's time.
TRUSTED_SECONDS = 5.0

# (the database's time, this machine's monotonic seconds) when it was told last.
Anchor = tuple[datetime, float]
_anchor: ContextVar[Anchor | None] = ContextVar("clock_anchor", default=None)
_shift: ContextVar[timedelta] = ContextVar("clock_shift", default=timedelta(0))


def now() -> datetime:
    """The present instant in UTC. Read once at an interface and passed on as `at`."""
    if connection.vendor != "postgresql":
        return datetime.now(tz=UTC) + _shift.get()
    told = _anchor.get()
    if told is None or time.monotonic() - told[1] > TRUSTED_SECONDS:
        told = _told_again(told)
    return told[0] + timedelta(seconds=time.monotonic() - told[1]) + _shift.get()


def anchor(instant: datetime) -> Anchor:
    """Remember the database's time, so that `now` costs no query for a while."""
    told = (instant.astimezone(UTC), time.monotonic())
    _anchor.set(told)
    return told


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Move this context's clock, for rehearsals and tests; stored instants stay what they are."""
    token = _shift.set(_shift.get() + by)
    try:
        yield
    finally:
        _shift.reset(token)


def _told_again(before: Anchor | None) -> Anchor:
    """A database that is away, or a broken transaction, is for the caller's own statement to say.

    Raises Error where nothing was told before.
    """
    try:
        connection.ensure_connection()
        # No cursor of Django's: reading the clock is no statement of the caller's.
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute("select clock_timestamp()")
            return anchor(cursor.fetchone()[0])
    except Error:
        if before is None:
            raise
        return before
