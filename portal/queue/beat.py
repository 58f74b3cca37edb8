"""Beat without a state file: the schedule is code, the memory is the table of taken slots."""

import time
from datetime import timedelta
from typing import Any

import structlog
from celery.beat import ScheduleEntry, Scheduler
from django.db import Error, close_old_connections

from portal.queue import sweeping
from portal.queue.models import Heartbeat
from tenants.clock import now

PULSE_SECONDS = 10.0
# A machine's clock is corrected by less while it runs; more is a clock that was set back.
SETBACK_SECONDS = 5.0
_LOG = structlog.get_logger("gatehouse.queue")


class HeartbeatScheduler(Scheduler):
    """Publishes every sweep as soon as it starts, then on schedule, and says that it lives."""

    _pulsed = -PULSE_SECONDS
    _offset = float("-inf")

    def setup_schedule(self) -> None:
        self.app.conf.beat_schedule = sweeping.beat_schedule()
        self.merge_inplace(self.app.conf.beat_schedule)
        for entry in self.schedule.values():
            self._make_due(entry)

    def _make_due(self, entry: ScheduleEntry) -> None:
        """After a pause the overdue comes first: nothing waits for its period to pass again."""
        entry.last_run_at = self.app.now() - timedelta(days=1)

    def _heed_clock(self) -> None:
        """After a clock was set back every entry would wait for an instant that has already been.

        The clock that only goes on, `time.monotonic`, tells.
        """
        offset = time.time() - time.monotonic()
        if offset < self._offset - SETBACK_SECONDS:
            _LOG.warning("beat.clock_set_back", seconds=round(self._offset - offset))
            for entry in self.schedule.values():
                self._make_due(entry)
            self._heap = None  # is made anew from the entries
        self._offset = offset

    def tick(self, *args: Any, **kwargs: Any) -> float:
        self._heed_clock()
        if time.monotonic() - self._pulsed >= PULSE_SECONDS:
            self._pulse()
        delay: float = super().tick(*args, **kwargs)
        return delay

    def _pulse(self) -> None:
        try:
            close_old_connections()
            Heartbeat.pulse("beat", at=now())
            self._pulsed = time.monotonic()
        except Error as error:
            # Publishing goes on: it is the database that readiness has to report.
            _LOG.warning("beat.no_pulse", error=type(error).__qualname__)
