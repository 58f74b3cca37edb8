"""A sweep runs once in each slot, however many beats ask for it."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from portal.queue.models import Heartbeat, SweepRun
from portal.queue.sweeping import SWEEPS, Sweep, beat_schedule, run_in_slot, sweep

AT = datetime(2026, 3, 1, 12, 0, 5, tzinfo=UTC)


@pytest.fixture
def runs() -> Iterator[list[datetime]]:
    seen: list[datetime] = []
    SWEEPS["test.count"] = Sweep("test.count", timedelta(minutes=1), seen.append)
    yield seen
    del SWEEPS["test.count"]


@pytest.mark.django_db
def test_two_beats_in_one_slot_run_it_once(runs: list[datetime]) -> None:
    assert run_in_slot("test.count", at=AT)
    assert not run_in_slot("test.count", at=AT + timedelta(seconds=50))
    assert runs == [AT]


@pytest.mark.django_db
def test_the_next_slot_runs_again(runs: list[datetime]) -> None:
    run_in_slot("test.count", at=AT)
    assert run_in_slot("test.count", at=AT + timedelta(seconds=60))
    assert len(runs) == 2


@pytest.mark.django_db(transaction=True)
def test_beats_at_the_same_moment_run_it_once(runs: list[datetime]) -> None:
    gate = threading.Barrier(4)

    def ask() -> None:
        gate.wait()
        run_in_slot("test.count", at=AT)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert runs == [AT]


@pytest.mark.django_db
def test_a_clock_set_back_does_not_keep_the_slots_of_the_hour_before(runs: list[datetime]) -> None:
    for minutes in range(-65, 1):
        run_in_slot("test.count", at=AT + timedelta(minutes=minutes))
    runs.clear()
    for minutes in range(-60, -55):
        assert run_in_slot("test.count", at=AT + timedelta(minutes=minutes))
        assert not run_in_slot("test.count", at=AT + timedelta(minutes=minutes))
    assert len(runs) == 5


@pytest.mark.django_db
def test_a_worker_that_comes_late_takes_no_slot_again(runs: list[datetime]) -> None:
    SWEEPS["test.count"] = Sweep("test.count", timedelta(seconds=3), runs.append)
    for seconds in (0, 3, 6):
        run_in_slot("test.count", at=AT + timedelta(seconds=seconds))
    assert not run_in_slot("test.count", at=AT)
    assert len(runs) == 3


@pytest.mark.django_db
def test_a_setback_is_told_once(runs: list[datetime]) -> None:
    told: list[datetime] = []
    SWEEPS["test.count"] = Sweep("test.count", timedelta(minutes=1), runs.append, told.append)
    for hours in (0, 0, -1, -1):
        run_in_slot("test.count", at=AT + timedelta(hours=hours))
    assert told == [AT - timedelta(hours=1)]


@pytest.mark.django_db
def test_a_failing_sweep_keeps_its_slot_and_gets_the_next(runs: list[datetime]) -> None:
    def fail(_at: datetime) -> None:
        raise ZeroDivisionError

    SWEEPS["test.count"] = Sweep("test.count", timedelta(minutes=1), fail)
    with pytest.raises(ZeroDivisionError):
        run_in_slot("test.count", at=AT)
    assert SweepRun.objects.get(name="test.count").finished_at is None
    assert not run_in_slot("test.count", at=AT)


@pytest.mark.django_db
def test_an_unknown_sweep_changes_nothing() -> None:
    assert not run_in_slot("test.never_heard_of", at=AT)
    assert not SweepRun.objects.exists()


def test_a_name_is_registered_once(runs: list[datetime]) -> None:
    with pytest.raises(ValueError, match="Two sweeps"):

        @sweep("test.count", every=timedelta(minutes=1))
        def another(at: datetime) -> None:
            return


def test_every_sweep_is_published_and_expires_within_its_period(runs: list[datetime]) -> None:
    entries = beat_schedule()
    assert set(entries) == set(SWEEPS)
    for name, entry in entries.items():
        assert entry["kwargs"] == {"name": name}
        assert entry["options"]["expires"] <= SWEEPS[name].every.total_seconds()


@pytest.mark.django_db
def test_the_command_runs_a_sweep_at_once() -> None:
    call_command("sweep", "worker.pulse", verbosity=0)
    assert Heartbeat.objects.filter(name="worker").exists()
    with pytest.raises(CommandError, match="No such sweep"):
        call_command("sweep", "worker.nonsense")
