"""Identifiers sort by time, and tell it."""

from datetime import UTC, datetime, timedelta

from audit.identifiers import instant_of, new_id, uuid7_floor


def test_ids_rise_in_a_burst_and_stay_with_the_clock() -> None:
    ids = [new_id() for _ in range(20_000)]
    assert ids == sorted(set(ids))
    assert abs(instant_of(ids[-1]) - datetime.now(UTC)) < timedelta(seconds=1)
    assert {identifier.version for identifier in ids[:10]} == {7}


def test_floor_gives_its_instant_back() -> None:
    for microsecond in (0, 1, 999, 1000, 123_456, 999_999):
        at = datetime(2026, 11, 21, 12, 0, 0, microsecond, tzinfo=UTC)
        assert instant_of(uuid7_floor(at)) == at


def test_floor_divides_before_from_after() -> None:
    before = new_id()
    assert uuid7_floor(instant_of(before) - timedelta(milliseconds=1)) < before
    assert uuid7_floor(instant_of(before) + timedelta(milliseconds=1)) > before
