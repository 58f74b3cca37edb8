"""Works out what a clock says: time left, late by, done in; and how full its bar is."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.ui.durations import duration

SOON = 0.75


@dataclass(frozen=True)
class Clock:
    """What the component draws; `counting` clocks are kept moving by the page's script."""

    text: str
    tone: str
    due_at: datetime
    counting: bool
    share: int | None
    mode: str

    @property
    def left_words(self) -> str:
        return str(WORDS[self.mode][0])

    @property
    def over_words(self) -> str:
        return str(WORDS[self.mode][1])


WORDS = {
    "due": (gettext_lazy("{} left"), gettext_lazy("{} late")),
    "expiry": (gettext_lazy("expires in {}"), gettext_lazy("expired {} ago")),
    "start": (gettext_lazy("starts in {}"), gettext_lazy("starting")),
}


def clock_of(
    *,
    due_at: datetime,
    at: datetime,
    from_at: datetime | None = None,
    done_at: datetime | None = None,
    mode: str = "due",
) -> Clock:
    """The clock towards `due_at` as it stands `at`; `done_at` stops it."""
    until = done_at or at
    # A stopped clock shows a full bar: what it measured is over.
    share = _share(from_at, due_at, due_at if done_at else at)
    over = until > due_at
    return Clock(
        text=_done(from_at, due_at, done_at) if done_at else _running(due_at, at, mode),
        tone=_tone(over=over, done=done_at is not None, share=share, mode=mode),
        due_at=due_at,
        counting=done_at is None,
        share=share,
        mode=mode,
    )


def _running(due_at: datetime, at: datetime, mode: str) -> str:
    left, over = WORDS[mode]
    return str(left if at <= due_at else over).format(duration(due_at - at))


def _done(from_at: datetime | None, due_at: datetime, done_at: datetime) -> str:
    if done_at > due_at:
        return _("done %(time)s late") % {"time": duration(done_at - due_at)}
    if from_at is None:
        return _("done in time")
    return _("done in %(time)s") % {"time": duration(done_at - from_at)}


def _share(from_at: datetime | None, due_at: datetime, until: datetime) -> int | None:
    if from_at is None or due_at <= from_at:
        return None
    used = (until - from_at) / (due_at - from_at)
    return round(100 * min(max(used, 0.0), 1.0))


def _tone(*, over: bool, done: bool, share: int | None, mode: str) -> str:
    if done:
        return "warn" if over else "ok"
    if mode != "due":
        return "neutral" if over else "info"
    if over:
        return "danger"
    return "warn" if share is not None and share >= SOON * 100 else "info"
