"""Lengths of time and clocks, in words."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.ui.clocks import clock_of
from portal.ui.durations import ago, duration, rounded, zone_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DUE = NOON + timedelta(hours=24)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(milliseconds=300), "under 1 s"),
        (timedelta(seconds=18), "18 s"),
        (timedelta(minutes=12, seconds=5), "12 m 05 s"),
        (timedelta(hours=3, minutes=12), "3 h 12 m"),
        (timedelta(days=1), "1 day"),
        (timedelta(days=2, hours=4), "2 d 4 h"),
        (timedelta(days=21), "21 days"),
        (-timedelta(minutes=41), "41 m 00 s"),
    ],
)
def test_a_duration_is_said_in_few_words(length: timedelta, said: str) -> None:
    assert duration(length) == said


def test_a_clock_counts_towards_its_end() -> None:
    clock = clock_of(due_at=DUE, from_at=NOON, at=NOON + timedelta(hours=6))

    assert (clock.text, clock.tone, clock.share, clock.counting) == (
        "18 h 00 m left",
        "info",
        25,
        True,
    )


def test_a_clock_warns_when_three_quarters_are_gone() -> None:
    assert clock_of(due_at=DUE, from_at=NOON, at=NOON + timedelta(hours=18)).tone == "warn"


def test_a_clock_says_how_late_it_is() -> None:
    clock = clock_of(due_at=DUE, from_at=NOON, at=DUE + timedelta(minutes=41))

    assert (clock.text, clock.tone, clock.share) == ("41 m 00 s late", "danger", 100)


def test_the_due_instant_itself_is_in_time() -> None:
    assert clock_of(due_at=DUE, at=DUE).tone == "info"


def test_a_stopped_clock_says_how_long_it_took() -> None:
    done = NOON + timedelta(hours=2, minutes=5)
    clock = clock_of(due_at=DUE, from_at=NOON, done_at=done, at=DUE)

    assert (clock.text, clock.tone, clock.counting) == ("done in 2 h 05 m", "ok", False)


def test_an_expiry_is_not_a_broken_promise() -> None:
    clock = clock_of(due_at=DUE, mode="expiry", at=DUE + timedelta(hours=3))

    assert (clock.text, clock.tone) == ("expired 3 h 00 m ago", "neutral")


def test_an_unknown_time_zone_is_utc() -> None:
    assert zone_of("Nowhere/Atlantis") is UTC
    assert zone_of("") is UTC


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(seconds=20), "20 s"),
        (timedelta(minutes=30), "30 min"),
        (timedelta(hours=12), "12 h"),
        (timedelta(hours=1, minutes=30), "1 h 30 m"),
        (timedelta(days=90), "90 days"),
    ],
)
def test_a_chosen_length_is_said_as_it_was_chosen(length: timedelta, said: str) -> None:
    assert rounded(length) == said


def test_what_was_long_ago_is_a_date() -> None:
    assert ago(timedelta(seconds=5)) == "just now"
    assert ago(timedelta(minutes=4, seconds=50)) == "4 min ago"
    assert ago(timedelta(hours=3, minutes=59)) == "3 h ago"
    assert ago(timedelta(days=1)) == ""
