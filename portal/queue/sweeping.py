"""Repeated work: registered by the features, run once in each slot however many beats there are."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import IntegrityError, transaction

from portal.queue.models import SweepRun
from portal.queue.names import JobName, Lane
from tenants.clock import now

SweepFunction = Callable[[datetime], None]
# Instants of different machines differ by less; what lies further ahead was another clock's.
AHEAD_ALLOWED = timedelta(minutes=1)
_LOG = structlog.get_logger("gatehouse.queue")


@dataclass(frozen=True, slots=True)
class Sweep:
    name: str
    every: timedelta
    run: SweepFunction
    after_setback: SweepFunction | None = None

    def slot(self, at: datetime) -> int:
        return int(at.timestamp() // self.every.total_seconds())


SWEEPS: dict[str, Sweep] = {}


def sweep(
    name: str, *, every: timedelta, after_setback: SweepFunction | None = None
) -> Callable[[SweepFunction], SweepFunction]:
    """Register a function of the present instant. It must be safe to run at any time.

    `after_setback` runs before it when the clock was set back, to bring forward what else would
    wait for an instant that has already been.
    """

    def register(function: SweepFunction) -> SweepFunction:
        known = SWEEPS.get(name)
        if known is not None and known.run.__qualname__ != function.__qualname__:
            message = f"Two sweeps are called {name!r}."
            raise ValueError(message)
        SWEEPS[name] = Sweep(name, every, function, after_setback)
        return function

    return register


def run_in_slot(name: str, *, at: datetime) -> bool:
    """Run the sweep unless its present slot was already taken. True when it ran."""
    chosen = SWEEPS.get(name)
    if chosen is None:
        _LOG.warning("sweep.unknown", sweep=name)
        return False
    if _was_set_back(chosen, at=at):
        _LOG.warning("clock.set_back", sweep=name)
        if chosen.after_setback is not None:
            chosen.after_setback(at)
    claim = _claim(chosen, at=at)
    if claim is None:
        return False
    chosen.run(at)
    SweepRun.objects.filter(pk=claim.pk).update(finished_at=now())
    return True


def _was_set_back(chosen: Sweep, *, at: datetime) -> bool:
    """Forget the slots of a time that is still to come, which would else stay taken for hours.

    Of many workers that look at once, one deletes them; the others find nothing.
    """
    runs = SweepRun.objects.filter(name=chosen.name)
    if not runs.filter(started_at__gt=at + AHEAD_ALLOWED).exists():
        return False
    with transaction.atomic():
        forgotten, _rows = runs.filter(started_at__gt=at + AHEAD_ALLOWED).delete()
        if forgotten:
            runs.filter(slot__gte=chosen.slot(at)).delete()
    return bool(forgotten)


def _claim(chosen: Sweep, *, at: datetime) -> SweepRun | None:
    """The row (name, slot) is unique: whoever inserts it runs, everybody else goes home."""
    slot = chosen.slot(at)
    if SweepRun.objects.filter(name=chosen.name, slot=slot).exists():
        return None
    try:
        with transaction.atomic():
            return SweepRun.objects.create(name=chosen.name, slot=slot, started_at=at)
    except IntegrityError:
        return None


def beat_schedule() -> dict[str, dict[str, Any]]:
    """What beat publishes. A message that waited a whole period is worthless, so it expires."""
    return {
        one.name: {
            "task": JobName.SWEEP_RUN.value,
            "schedule": one.every,
            "kwargs": {"name": one.name},
            "options": {
                "queue": Lane.DEFAULT.value,
                "expires": max(1.0, one.every.total_seconds()),
                "retry": False,
            },
        }
        for one in SWEEPS.values()
    }
