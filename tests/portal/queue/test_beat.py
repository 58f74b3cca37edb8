"""Beat goes on whatever happens to the machine's clock."""

import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.celery import app
from portal.queue.beat import HeartbeatScheduler
from portal.queue.sweeping import SWEEPS

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sweeps that went to the broker."""
    sent: list[str] = []
    monkeypatch.setattr(
        app, "send_task", lambda _name, _args, given, **_options: sent.append(given["name"])
    )
    return sent


@pytest.fixture
def beat(published: list[str]) -> HeartbeatScheduler:
    with time_machine.travel(NOON, tick=False):
        made = HeartbeatScheduler(app=app, lazy=False)
    made._pulsed = time.monotonic() + 3600  # the sign of life has tests of its own
    return made


def ticked(beat: HeartbeatScheduler, published: list[str], at: datetime) -> set[str]:
    """What is published in as many turns as there are sweeps, at that instant."""
    published.clear()
    with time_machine.travel(at, tick=False):
        for _sweep in SWEEPS:
            beat.tick()
    return set(published)


@pytest.mark.parametrize("back", [timedelta(seconds=10), timedelta(hours=1), timedelta(days=400)])
def test_a_clock_set_back_stops_no_sweep(
    back: timedelta, beat: HeartbeatScheduler, published: list[str]
) -> None:
    assert ticked(beat, published, NOON) == set(SWEEPS)
    assert ticked(beat, published, NOON - back) == set(SWEEPS)
    assert ticked(beat, published, NOON - back) == set()
    assert ticked(beat, published, NOON - back + timedelta(days=2)) == set(SWEEPS)


def test_a_small_correction_of_the_clock_publishes_nothing_twice(
    beat: HeartbeatScheduler, published: list[str]
) -> None:
    assert ticked(beat, published, NOON) == set(SWEEPS)
    assert ticked(beat, published, NOON - timedelta(seconds=0.5)) == set()
