"""The database's time on PostgreSQL: counted on from for seconds, then asked for again."""

import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from tenants import clock

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no clock"),
]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def told(seconds_ago: float) -> None:
    clock._anchor.set((LONG_AGO, time.monotonic() - seconds_ago))


def test_is_counted_on_from_for_a_while_and_then_asked_again() -> None:
    told(1.0)
    assert LONG_AGO + SECOND <= clock.now() < LONG_AGO + 2 * SECOND
    told(clock.TRUSTED_SECONDS + 1)
    assert abs(clock.now() - datetime.now(tz=UTC)) < timedelta(minutes=1)


def test_goes_on_in_a_broken_transaction() -> None:
    with transaction.atomic():
        with suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("select from nowhere where")
        told(clock.TRUSTED_SECONDS + 1)
        assert LONG_AGO < clock.now() < LONG_AGO + timedelta(minutes=1)
    assert abs(clock.now() - datetime.now(tz=UTC)) < timedelta(minutes=1)
