"""How diagnostic access was asked for, decided and used: per grant, and by month."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from portal.grants.models import AccessRecord, Grant, GrantDecision, SupportSession
from portal.grants.rules import GrantStatus, Verdict
from portal.grants.statements import time_used
from tenants.access import Actor

CHUNK: Final = 2000
YEAR: Final = timedelta(days=365)
SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Sources:
    """The rows that are measured: one customer's, or everybody's in the system's view."""

    grants: Any
    sessions: Any
    records: Any
    decisions: Any


@dataclass(frozen=True, slots=True)
class Measure:
    """One request and what became of it."""

    organization: str
    reference: str
    staff_name: str
    requested_at: datetime
    state: GrantStatus
    was_emergency: bool
    to_decision: timedelta | None
    used: timedelta
    reads: int

    @property
    def label(self) -> str:
        return str(self.state.label)

    @property
    def month(self) -> date:
        return self.requested_at.astimezone(UTC).date().replace(day=1)


@dataclass(slots=True)
class MonthOfAccess:
    """The requests that were made in one month."""

    organization: str
    month: date
    measures: list[Measure] = field(default_factory=list)

    @property
    def asked(self) -> int:
        return len(self.measures)

    @property
    def approved(self) -> int:
        return sum(each.state in _APPROVED for each in self.measures)

    @property
    def denied(self) -> int:
        return sum(each.state == GrantStatus.DENIED for each in self.measures)

    @property
    def unanswered(self) -> int:
        return sum(each.state == GrantStatus.LAPSED for each in self.measures)

    @property
    def emergencies(self) -> int:
        return sum(each.was_emergency for each in self.measures)

    @property
    def reads(self) -> int:
        return sum(each.reads for each in self.measures)

    @property
    def used(self) -> timedelta:
        return sum((each.used for each in self.measures), timedelta())

    @property
    def used_seconds(self) -> int:
        return int(self.used.total_seconds())

    @property
    def median_decision(self) -> timedelta | None:
        """Over those that the customer answered."""
        known = [each.to_decision for each in self.measures if each.to_decision is not None]
        if not known:
            return None
        return timedelta(seconds=median(each.total_seconds() for each in known))

    @property
    def decision_seconds(self) -> int | None:
        found = self.median_decision
        return None if found is None else int(found.total_seconds())


_APPROVED = frozenset(
    {GrantStatus.SCHEDULED, GrantStatus.ACTIVE, GrantStatus.ENDED, GrantStatus.REVOKED}
)


def own_sources(actor: Actor) -> Sources:
    """The customer's own; of the vendor's staff nobody reads them here."""
    grants = Grant.objects.visible_to(actor)
    return Sources(
        grants,
        SupportSession.objects.all(),
        AccessRecord.objects.all(),
        GrantDecision.objects.all(),
    )


def within(year: int | None, *, at: datetime) -> Q:
    """Requested in this calendar year in UTC; without one, in the last twelve months."""
    if year is None:
        return Q(requested_at__gt=at - YEAR)
    first = datetime(year, 1, 1, tzinfo=UTC)
    return Q(requested_at__gte=first, requested_at__lt=first.replace(year=year + 1))


def measures(sources: Sources, *, at: datetime, year: int | None = None) -> list[Measure]:
    """The newest first. Four queries, however many there are."""
    rows: QuerySet[Grant] = sources.grants.filter(within(year, at=at))
    ids = rows.values("pk")
    used: dict[UUID, timedelta] = {}
    for session in sources.sessions.filter(grant__in=ids).iterator(chunk_size=CHUNK):
        so_far = used.get(session.grant_id, timedelta())
        used[session.grant_id] = so_far + time_used(session, at)
    counted = sources.records.filter(grant__in=ids).order_by().values("grant_id")
    reads = {row["grant_id"]: row["n"] for row in counted.annotate(n=Count("pk"))}
    said = sources.decisions.filter(verdict=Verdict.EMERGENCY, grant__in=ids)
    hasty = set(said.values_list("grant_id", flat=True))
    return [
        Measure(
            organization=grant.organization.name,
            reference=grant.reference,
            staff_name=grant.staff_name,
            requested_at=grant.requested_at,
            state=grant.state(at),
            was_emergency=grant.pk in hasty and grant.approved_at is not None,
            to_decision=None if grant.pk in hasty else _to_decision(grant),
            used=used.get(grant.pk, timedelta()),
            reads=reads.get(grant.pk, 0),
        )
        for grant in rows.select_related("organization").order_by("-requested_at", "-id")
    ]


def months(found: Iterable[Measure]) -> list[MonthOfAccess]:
    """By customer and month of the request, the newest month first."""
    lines: dict[tuple[str, date], MonthOfAccess] = {}
    for each in found:
        key = (each.organization, each.month)
        lines.setdefault(key, MonthOfAccess(*key)).measures.append(each)
    return sorted(lines.values(), key=lambda line: (-line.month.toordinal(), line.organization))


def header() -> list[str]:
    return [
        _("Customer"), _("Access"), _("Who"), _("Requested (UTC)"), _("State"), _("Emergency"),
        _("Seconds to the decision"), _("Seconds used"), _("Reads"),
    ]  # fmt: skip


def cells(found: Sequence[Measure]) -> Iterator[list[object]]:
    for each in found:
        yield [
            each.organization,
            each.reference,
            each.staff_name,
            each.requested_at.isoformat(timespec="seconds"),
            each.label,
            _("yes") if each.was_emergency else _("no"),
            "" if each.to_decision is None else int(each.to_decision.total_seconds()),
            int(each.used.total_seconds()),
            each.reads,
        ]


def _to_decision(grant: Grant) -> timedelta | None:
    """From when the customer was asked to their answer; a lapsed one has none."""
    if grant.endorsed_at is None:
        return None
    if grant.approved_at is not None:
        return grant.approved_at - grant.endorsed_at
    if grant.status == GrantStatus.DENIED and grant.closed_at is not None:
        return grant.closed_at - grant.endorsed_at
    return None
