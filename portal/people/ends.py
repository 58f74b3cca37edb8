"""The instant that a day means when an access ends on it."""

from datetime import UTC, date, datetime, time


def end_of_day(day: date | None) -> datetime | None:
    """The last second of that day in UTC, which is the same for everybody."""
    return datetime.combine(day, time(23, 59, 59), UTC) if day else None
