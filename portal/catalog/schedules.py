"""When a source is read: due times are instants in UTC, worked out from the schedule alone."""

from datetime import datetime, time, timedelta
from typing import NamedTuple

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Every(TextChoices):
    OFF = "off", _("Only by hand")
    HOURLY = "hourly", _("Every hour")
    SIX_HOURS = "six_hours", _("Every 6 hours")
    DAILY = "daily", _("Every day")
    WEEKLY = "weekly", _("Every week")


class Weekday(TextChoices):
    MONDAY = "0", _("Monday")
    TUESDAY = "1", _("Tuesday")
    WEDNESDAY = "2", _("Wednesday")
    THURSDAY = "3", _("Thursday")
    FRIDAY = "4", _("Friday")
    SATURDAY = "5", _("Saturday")
    SUNDAY = "6", _("Sunday")


PERIODS = {
    Every.HOURLY: timedelta(hours=1),
    Every.SIX_HOURS: timedelta(hours=6),
    Every.DAILY: timedelta(days=1),
    Every.WEEKLY: timedelta(days=7),
}
# A source that is read by a schedule is stale once it has missed this many times.
MISSED = 2


class Schedule(NamedTuple):
    """How often, and from which time of the day in UTC; of the first two only the minute counts."""

    every: str = Every.OFF
    clock: time = time(0, 0)
    weekday: int = 0

    @property
    def is_on(self) -> bool:
        return self.every != Every.OFF

    @property
    def words(self) -> str:
        """Such as “Every day, 03:00 UTC”."""
        said = str(Every(self.every).label)
        if not self.is_on:
            return said
        if self.every == Every.WEEKLY:
            said = f"{said}, {Weekday(str(self.weekday)).label}"
        return f"{said}, {self.clock:%H:%M} UTC"

    def next_after(self, at: datetime) -> datetime | None:
        """The first due time after `at`; what was missed before it is not made up for."""
        if not self.is_on:
            return None
        period = PERIODS[Every(self.every)]
        # Monday is the first day of every week, so a week's first due time lies before `at`.
        midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
        due = midnight - timedelta(days=at.weekday()) + self._offset(period)
        behind = at - due
        return due + (behind // period + 1) * period

    def _offset(self, period: timedelta) -> timedelta:
        clock = timedelta(hours=self.clock.hour, minutes=self.clock.minute)
        days = timedelta(days=self.weekday if self.every == Every.WEEKLY else 0)
        return (days + clock) if period >= timedelta(days=1) else clock % period
