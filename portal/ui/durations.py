"""Says lengths of time and instants in few words."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.formats import date_format
from django.utils.translation import gettext as _

MINUTE, HOUR, DAY = 60, 3600, 86400
LONG = 2 * DAY


def duration(length: timedelta) -> str:
    """`6 days`, `2 d 4 h`, `3 h 12 m`, `12 m 05 s` or `18 s`; the sign is left out."""
    seconds = int(abs(length.total_seconds()))
    if seconds < MINUTE:
        return _("%(s)d s") % {"s": seconds} if seconds else _("under 1 s")
    if seconds < HOUR:
        return _("%(m)d m %(s)02d s") % {"m": seconds // MINUTE, "s": seconds % MINUTE}
    if seconds < DAY:
        minutes = seconds % HOUR // MINUTE
        return _("%(h)d h %(m)02d m") % {"h": seconds // HOUR, "m": minutes}
    if seconds % DAY < HOUR or seconds > LONG * 5:
        days = seconds // DAY
        return _("1 day") if days == 1 else _("%(d)d days") % {"d": days}
    return _("%(d)d d %(h)d h") % {"d": seconds // DAY, "h": seconds % DAY // HOUR}


def rounded(length: timedelta) -> str:
    """A length somebody chose, such as a policy's: `30 min`, `12 h`, else as `duration`."""
    seconds = int(length.total_seconds())
    if MINUTE <= seconds < HOUR and seconds % MINUTE == 0:
        return _("%(n)d min") % {"n": seconds // MINUTE}
    if HOUR <= seconds < DAY and seconds % HOUR == 0:
        return _("%(n)d h") % {"n": seconds // HOUR}
    return duration(length)


def ago(length: timedelta) -> str:
    """`just now`, `4 min ago`, `3 h ago`; empty when it is long enough for a date."""
    seconds = int(length.total_seconds())
    if seconds < MINUTE:
        return _("just now")
    if seconds < HOUR:
        return _("%(n)d min ago") % {"n": seconds // MINUTE}
    return _("%(n)d h ago") % {"n": seconds // HOUR} if seconds < DAY else ""


def instant_text(value: datetime, zone: tzinfo) -> str:
    return date_format(value.astimezone(zone), "j M Y, H:i")


@lru_cache(maxsize=64)
def zone_of(name: str) -> tzinfo:
    """The named time zone; UTC when the name is empty or unknown."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
