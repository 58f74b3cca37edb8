"""The event table is cut by month on PostgreSQL, by the application itself."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from audit.models import Event
from audit.partitions import make_partitions

pytestmark = pytest.mark.django_db
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="only PostgreSQL cuts tables"
)


def test_elsewhere_there_is_nothing_to_cut() -> None:
    if connection.vendor != "postgresql":
        assert make_partitions(at=datetime(2031, 11, 5, tzinfo=UTC)) == []


@on_postgresql
def test_the_coming_months_are_made_once() -> None:
    at = datetime(2031, 11, 30, 12, tzinfo=UTC)
    assert make_partitions(at=at) == ["203112", "203201", "203202"]
    assert make_partitions(at=at) == []


@on_postgresql
def test_an_event_lands_in_its_month(tell: Callable[..., Any]) -> None:
    at = datetime.now(UTC)
    make_partitions(at=at.replace(year=at.year - 1, month=12))
    identifier = tell()
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(
            "SELECT tableoid::regclass::text FROM audit_event WHERE id = %s", [identifier]
        )
        (partition,) = cursor.fetchone()
    assert partition.startswith("audit_event_")
    assert Event.objects.filter(pk=identifier).exists()
