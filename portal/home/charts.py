"""Works out the bars of “closed per day”; the template only draws them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.home.figures import Kept

DAYS = 14
HEIGHT, STEP, WIDTH, TOP = 96, 24, 16, 6
LEAST = 3


@dataclass(frozen=True)
class Bar:
    """One day: a track, the kept part standing on it, the late part on top of that."""

    x: int
    middle: int
    label: str
    title: str
    y: int
    height: int
    late_y: int
    late_height: int


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    total: int
    width: int
    height: int
    summary: str


def closed_per_day(kept: Sequence[Kept], *, at: datetime, zone: tzinfo) -> Chart:
    """The requests fulfilled on each of the last 14 days, in the person's time zone."""
    today = at.astimezone(zone).date()
    days = [today - timedelta(days=gone) for gone in reversed(range(DAYS))]
    in_time = Counter(row.met_at.astimezone(zone).date() for row in kept if not row.was_late)
    late = Counter(row.met_at.astimezone(zone).date() for row in kept if row.was_late)
    most = max(1, *(in_time[day] + late[day] for day in days))
    total = sum(in_time[day] + late[day] for day in days)
    bars = [
        _bar(index, day, (in_time[day], late[day]), most=most) for index, day in enumerate(days)
    ]
    said = ngettext(
        "%(n)d request closed in 14 days, %(late)d of them late.",
        "%(n)d requests closed in 14 days, %(late)d of them late.",
        total,
    )
    summary = said % {"n": total, "late": sum(late[day] for day in days)}
    return Chart(bars, total, DAYS * STEP, HEIGHT + TOP + 16, summary)


def _bar(index: int, day: date, counts: tuple[int, int], *, most: int) -> Bar:
    kept, late = counts
    height = _tall(kept, most)
    late_height = _tall(late, most)
    base = TOP + HEIGHT
    title = _("%(day)s: %(kept)d in time, %(late)d late") % {
        "day": date_format(day, "j M"),
        "kept": kept,
        "late": late,
    }
    x = index * STEP + (STEP - WIDTH) // 2
    return Bar(
        x=x,
        middle=x + WIDTH // 2,
        label=str(day.day),
        title=title,
        y=base - height,
        height=height,
        late_y=base - height - late_height,
        late_height=late_height,
    )


def _tall(count: int, most: int) -> int:
    return max(LEAST, round(HEIGHT * count / most)) if count else 0
