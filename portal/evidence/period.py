"""What happened in a period, request by request: who asked, when access ended, and the proof."""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

from audit.identifiers import uuid7_floor
from audit.models import Event
from audit.names import EventName
from audit.opening import opened
from portal.directory.models import DirectoryUser
from portal.tickets.models import Finding, Step, Tally, Ticket
from portal.tickets.models.ticket import TicketQuerySet
from portal.tickets.reporting import Verdict, verdict_of
from portal.tickets.rules import Kind
from tenants.access import Actor
from tenants.models import Membership
from tenants.permissions import Permission

Row = TypeVar("Row")
CHUNK: Final = 200
LARGEST_SAMPLE: Final = 200


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in UTC: `since` is in it, `until` is not. A sample is named by its seed."""

    since: datetime
    until: datetime
    seed: str = ""
    size: int = 25


@dataclass(frozen=True, slots=True)
class Fact:
    """One request as an auditor asks about it."""

    ticket: Ticket
    findings: tuple[Finding, ...]
    tallies: tuple[Tally, ...]
    steps: tuple[Step, ...]
    verdict: Verdict

    @property
    def last_access_at(self) -> datetime | None:
        """After this instant nobody got in with what the request took away."""
        return self.ticket.contained_at

    @property
    def refused(self) -> int:
        return sum(1 for each in self.findings if each.answer == Finding.Answer.REFUSED)

    @property
    def left(self) -> int:
        return sum(each.after or 0 for each in self.tallies)

    @property
    def is_proven(self) -> bool:
        """Every way in was tried and refused, every store counted again and empty."""
        return (
            self.ticket.met_at is not None
            and self.refused == len(self.findings)
            and all(each.after == 0 for each in self.tallies)
        )


@dataclass(frozen=True, slots=True)
class Leaver:
    """Somebody whom the directory switched off or deleted, and the request that followed."""

    name: str
    address: str
    left_at: datetime
    how: str
    number: str = ""
    blocked_at: datetime | None = None
    has_access: bool = False


def requests_in(period: Period, actor: Actor) -> TicketQuerySet:
    rows: TicketQuerySet = Ticket.objects.visible_to(actor)
    return rows.filter(received_at__gte=period.since, received_at__lt=period.until)


def facts_in(rows: TicketQuerySet, *, at: datetime) -> Iterator[Fact]:
    """In the order they came; a few hundred in memory at a time."""
    tickets = rows.order_by("received_at", "id").iterator(chunk_size=CHUNK)
    for chunk in _chunks(tickets):
        yield from facts_of(chunk, at=at)


def facts_of(tickets: Sequence[Ticket], *, at: datetime) -> list[Fact]:
    findings = _by_ticket(Finding.objects.filter(ticket__in=tickets).order_by("kind", "id"))
    tallies = _by_ticket(Tally.objects.filter(ticket__in=tickets).order_by("position"))
    steps = _by_ticket(Step.objects.filter(ticket__in=tickets).order_by("position"))
    return [
        Fact(
            ticket,
            tuple(findings[ticket.pk]),
            tuple(tallies[ticket.pk]),
            tuple(steps[ticket.pk]),
            verdict_of(ticket, at=at),
        )
        for ticket in tickets
    ]


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _by_ticket(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.ticket_id].append(row)
    return found


def sample_of(numbers: Iterable[str], *, seed: str, size: int) -> list[str]:
    """The same numbers for the same seed, here and for whoever works it out again.

    Those whose SHA-256 of `<seed>:<number>` is smallest, in that order.
    """
    return heapq.nsmallest(size, numbers, key=lambda number: draw(seed, number))


def draw(seed: str, number: str) -> str:
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()


def sample_in(period: Period, actor: Actor) -> list[str]:
    numbers = requests_in(period, actor).values_list("number", flat=True)
    return sample_of(numbers.iterator(chunk_size=CHUNK), seed=period.seed, size=period.size)


def leavers_in(period: Period, actor: Actor) -> Iterator[Leaver]:
    """Whom the directory switched off, then whom it deleted, for those who may see it."""
    if not actor.may(Permission.SSO_VIEW):
        return
    yield from _switched_off(period)
    yield from _deleted(period, actor)


def _switched_off(period: Period) -> Iterator[Leaver]:
    rows = DirectoryUser.objects.filter(
        is_active=False, changed_at__gte=period.since, changed_at__lt=period.until
    ).select_related("membership")
    for chunk in _chunks(rows.order_by("changed_at", "id").iterator(chunk_size=CHUNK)):
        members = [user.membership_id for user in chunk if user.membership_id]
        filed = {
            ticket.subject_id: ticket
            for ticket in Ticket.objects.filter(
                kind=Kind.REVOCATION, subject_id__in=members
            ).order_by("id")
        }
        for user in chunk:
            yield _leaver(user, filed.get(user.membership_id) if user.membership_id else None)


def _leaver(user: DirectoryUser, ticket: Ticket | None) -> Leaver:
    member = user.membership
    return Leaver(
        name=str(user),
        address=user.email,
        left_at=user.changed_at,
        how="switched off",
        number=ticket.number if ticket else "",
        blocked_at=ticket.contained_at if ticket else None,
        has_access=member is not None and member.status == Membership.Status.ACTIVE,
    )


def _deleted(period: Period, actor: Actor) -> Iterator[Leaver]:
    events = Event.objects.visible_to(actor).filter(
        name=EventName.DIRECTORY_USER_DELETED,
        id__gte=uuid7_floor(period.since),
        id__lt=uuid7_floor(period.until),
    )
    for chunk in _chunks(events.order_by("id").iterator(chunk_size=CHUNK)):
        opened(chunk)
        numbers = [str(event.facts.get("request", "")) for event in chunk]
        rows = Ticket.objects.filter(kind=Kind.REVOCATION, number__in=numbers)
        filed = {ticket.number: ticket for ticket in rows}
        for event, number in zip(chunk, numbers, strict=True):
            yield _gone(event, filed.get(number))


def _gone(event: Event, ticket: Ticket | None) -> Leaver:
    return Leaver(
        name=event.people().get("target", ""),
        address="",
        left_at=event.occurred_at,
        how="deleted",
        number=ticket.number if ticket else "",
        blocked_at=ticket.contained_at if ticket else None,
    )
