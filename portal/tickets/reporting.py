"""How the promise was kept: requests by month of receipt and kind, on time or late."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Final, NamedTuple

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.tickets import rules
from portal.tickets.listing import Look
from portal.tickets.models import Ticket
from portal.tickets.rules import Kind
from portal.ui.durations import duration

MONTHS: Final = 12
CHUNK: Final = 2000


class Verdict(StrEnum):
    """What the clock says of a request."""

    ON_TIME = "on_time"
    LATE = "late"
    RUNNING = "running"
    WITHDRAWN = "withdrawn"


VERDICTS: Final[dict[Verdict, Promise]] = {
    Verdict.ON_TIME: gettext_lazy("on time"),
    Verdict.LATE: gettext_lazy("late"),
    Verdict.RUNNING: gettext_lazy("within its time, not done yet"),
    Verdict.WITHDRAWN: gettext_lazy("taken back"),
}


class Fact(NamedTuple):
    """What a request counts by; nothing of what it is about."""

    organization: str
    kind: str
    status: str
    received_at: datetime
    due_at: datetime
    met_at: datetime | None

    def verdict(self, at: datetime) -> Verdict:
        if self.met_at is not None:
            return Verdict.LATE if self.met_at > self.due_at else Verdict.ON_TIME
        if self.status in rules.ENDED:
            return Verdict.WITHDRAWN
        is_late = self.status not in rules.PAUSED and self.due_at < at
        return Verdict.LATE if is_late else Verdict.RUNNING


def verdict_of(ticket: Ticket, *, at: datetime) -> Verdict:
    """What the clock says of one request."""
    facts = (getattr(ticket, name) for name in FACT_FIELDS)
    return Fact("", *facts).verdict(at)


FACT_FIELDS: Final = ("kind", "status", "received_at", "due_at", "met_at")


def took(due_at: datetime, met_at: datetime) -> timedelta:
    """From the receipt to the end, without the time the clock stood still: that moved the end."""
    return met_at - (due_at - rules.TIME_TO_FULFIL)


@dataclass(slots=True)
class Line:
    """The requests of one kind that came in one month; an open one past its end is late."""

    organization: str
    month: date
    kind: Kind
    counts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    seconds: list[float] = field(default_factory=list)

    def add(self, fact: Fact, at: datetime) -> None:
        self.counts[fact.verdict(at)] += 1
        if fact.met_at is not None:
            self.seconds.append(took(fact.due_at, fact.met_at).total_seconds())

    @property
    def received(self) -> int:
        return sum(self.counts.values())

    @property
    def on_time(self) -> int:
        return self.counts[Verdict.ON_TIME]

    @property
    def late(self) -> int:
        return self.counts[Verdict.LATE]

    @property
    def running(self) -> int:
        return self.counts[Verdict.RUNNING]

    @property
    def withdrawn(self) -> int:
        return self.counts[Verdict.WITHDRAWN]

    @property
    def median_seconds(self) -> int | None:
        return int(median(self.seconds)) if self.seconds else None

    @property
    def worst_seconds(self) -> int | None:
        return int(max(self.seconds)) if self.seconds else None

    @property
    def median(self) -> str:
        return _said(self.median_seconds)

    @property
    def worst(self) -> str:
        return _said(self.worst_seconds)


def report_for(look: Look, *, year: int | None = None, kind: str = "") -> list[Line]:
    """One line for each month and kind with requests, the newest month first."""
    rows = Ticket.objects.visible_to(look.actor).filter(within(year, kind, at=look.at))
    facts = rows.values_list(*FACT_FIELDS).iterator(chunk_size=CHUNK)
    return lines_of((Fact("", *values) for values in facts), at=look.at)


def lines_of(facts: Iterable[Fact], *, at: datetime) -> list[Line]:
    found: dict[tuple[str, date, Kind], Line] = {}
    for fact in facts:
        key = (fact.organization, month_of(fact.received_at), Kind(fact.kind))
        if key not in found:
            found[key] = Line(*key)
        found[key].add(fact, at)
    newest_first = sorted(found.values(), key=lambda line: (line.organization, line.kind))
    return sorted(newest_first, key=lambda line: line.month, reverse=True)


def within(year: int | None, kind: str, *, at: datetime) -> Q:
    """A year, or the last twelve months with this one among them; months are those of UTC."""
    first = month_of(at)
    start = date(year, 1, 1) if year else date(first.year - 1, first.month % MONTHS + 1, 1)
    if not year and first.month == MONTHS:
        start = date(first.year, 1, 1)
    condition = Q(received_at__gte=datetime(start.year, start.month, 1, tzinfo=UTC))
    if year:
        condition &= Q(received_at__lt=datetime(year + 1, 1, 1, tzinfo=UTC))
    return condition & Q(kind=kind) if kind else condition


def totals(lines: Iterable[Line]) -> dict[str, int]:
    summed: dict[str, int] = defaultdict(int)
    for line in lines:
        for name in ("received", "on_time", "late", "running", "withdrawn"):
            summed[name] += getattr(line, name)
    return dict(summed)


def share_on_time(sums: dict[str, int]) -> str:
    """Never rounded up to 100 while one was late."""
    judged = sums.get("on_time", 0) + sums.get("late", 0)
    if not judged:
        return "—"
    if not sums["late"]:
        return "100 %"
    return f"{min(100 * sums['on_time'] / judged, 99.9):.1f} %"


def years_of(look: Look) -> list[int]:
    """From the first request to this year, the newest first."""
    rows = Ticket.objects.visible_to(look.actor).order_by("received_at")
    first = rows.values_list("received_at", flat=True).first() or look.at
    last = look.at.astimezone(UTC).year
    return list(range(last, min(first.astimezone(UTC).year, last) - 1, -1))


def month_of(instant: datetime) -> date:
    return instant.astimezone(UTC).date().replace(day=1)


def header(*, with_organization: bool = False) -> list[str]:
    names = [
        _("Month of receipt (UTC)"), _("Request"), _("Received"), _("On time"), _("Late"),
        _("Within time, not done yet"), _("Taken back"), _("Median seconds"), _("Worst seconds"),
    ]  # fmt: skip
    return [_("Organization"), *names] if with_organization else names


def cells(lines: Iterable[Line], *, with_organization: bool = False) -> Iterator[list[object]]:
    for line in lines:
        row: list[object] = [
            f"{line.month:%Y-%m}", line.kind.label, line.received, line.on_time, line.late,
            line.running, line.withdrawn, line.median_seconds, line.worst_seconds,
        ]  # fmt: skip
        yield [line.organization, *row] if with_organization else row


def _said(seconds: int | None) -> str:
    return "—" if seconds is None else duration(timedelta(seconds=seconds))
