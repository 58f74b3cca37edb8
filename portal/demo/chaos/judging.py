"""Counts what became of the requests of the rehearsal: lost, done twice, clocks, the log."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID

from audit.models import Event
from audit.names import EventName
from audit.signing import own_keys
from audit.tree import seal_pending
from audit.verify import verify
from portal.demo.chaos.submitting import OWNER
from portal.demo.people import scope_of
from portal.tickets import rules
from portal.tickets.models import Escalation, Step, Ticket
from portal.tickets.rules import Status
from tenants.models import Membership, Organization
from tenants.scoping import current_organization_id

_ONCE = (
    EventName.TICKET_OPENED,
    EventName.TICKET_COMPLETED,
    EventName.TICKET_ERASED,
    EventName.MEMBER_CONTAINED,
    EventName.MEMBER_REVOKED,
)
_NOTICES = (EventName.TICKET_ESCALATED, EventName.TICKET_LATE)


@dataclass(slots=True)
class Verdict:
    """What a run came to. Everything but the counts must be empty."""

    filed: int = 0
    done: int = 0
    still_open: int = 0
    blocked: int = 0
    late: int = 0
    retried: int = 0
    lost: list[str] = field(default_factory=list)
    done_twice: list[str] = field(default_factory=list)
    wrong_clocks: list[str] = field(default_factory=list)
    log_findings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_clean(self) -> bool:
        return not (
            self.lost or self.done_twice or self.wrong_clocks or self.log_findings or self.blocked
        )


def judge(organization: Organization, *, expected: int | None = None) -> Verdict:
    """Looks at every request of the organization. `expected`: how many somebody saw filed."""
    verdict = Verdict()
    with scope_of(organization):
        tickets = list(Ticket.objects.order_by("id"))
        _count(verdict, tickets)
        verdict.lost += _lost(tickets, expected)
        verdict.done_twice += _repeated(tickets)
        verdict.wrong_clocks += _wrong_clocks(tickets)
        verdict.log_findings += _log_findings(organization)
    return verdict


def open_count(organization: Organization) -> int:
    with scope_of(organization):
        return int(Ticket.objects.still_open().count())


def _count(verdict: Verdict, tickets: list[Ticket]) -> None:
    verdict.filed = len(tickets)
    verdict.done = sum(ticket.status in rules.FULFILLED for ticket in tickets)
    verdict.still_open = sum(ticket.is_open for ticket in tickets)
    verdict.blocked = sum(ticket.status == Status.BLOCKED for ticket in tickets)
    verdict.late = sum(ticket.breached_at is not None for ticket in tickets)
    verdict.retried = _events(EventName.TICKET_STEP_FAILED).count()


def _lost(tickets: list[Ticket], expected: int | None) -> Iterator[str]:
    """Filed and not there; a person without access whom no request is about."""
    if expected is not None and len(tickets) < expected:
        yield f"{expected - len(tickets)} requests that were acknowledged are not there"
    about = {ticket.subject_id for ticket in tickets}
    people = Membership.objects.exclude(email=OWNER.email)
    for person in people.exclude(status=Membership.Status.ACTIVE).exclude(pk__in=about):
        yield f"{person.email} has no access and no request"


def _repeated(tickets: list[Ticket]) -> Iterator[str]:
    """Every effect has one event: two of them are an effect that happened twice."""
    names = {ticket.pk: ticket.number for ticket in tickets}
    for name in _ONCE:
        targets = Counter(event.target_id for event in _events(name) if event.target_id)
        for target in sorted(target for target, times in targets.items() if times > 1):
            yield f"{names.get(target, target)}: {name.value} {targets[target]} times"
    yield from _repeated_steps(names)
    yield from _repeated_notices(names)


def _repeated_steps(names: dict[UUID, str]) -> Iterator[str]:
    """A step ends once in each round of its request."""
    rounds = {
        (step.ticket_id, step.name): step.rounds
        for step in Step.objects.only("ticket_id", "name", "rounds")
    }
    ended: Counter[tuple[UUID | None, str]] = Counter(
        (event.target_id, str(event.facts.get("step_name", "")))
        for event in _events(EventName.TICKET_STEP_FINISHED)
    )
    for (target, step), times in ended.items():
        if target is not None and times > rounds.get((target, step), 1):
            yield f"{names.get(target, target)}: the step {step} ended {times} times"


def _repeated_notices(names: dict[UUID, str]) -> Iterator[str]:
    """One notice a level, and a row for each notice."""
    told = Counter((e.target_id, int(e.facts.get("level", 0))) for e in _events(*_NOTICES))
    kept = Counter(
        (ticket, level) for ticket, level in Escalation.objects.values_list("ticket_id", "level")
    )
    for key in sorted(told.keys() | kept.keys(), key=str):
        if told[key] != 1 or kept[key] != 1:
            target, level = key
            yield f"{names.get(target, target)}: {level} % was told {told[key]} times"


def _wrong_clocks(tickets: list[Ticket]) -> Iterator[str]:
    levels: dict[UUID, set[int]] = {}
    for ticket_id, level in Escalation.objects.values_list("ticket_id", "level"):
        levels.setdefault(ticket_id, set()).add(level)
    for ticket in tickets:
        for problem in _clock_problems(ticket, levels.get(ticket.pk, set())):
            yield f"{ticket.number}: {problem}"


def _clock_problems(ticket: Ticket, told: set[int]) -> Iterator[str]:
    if ticket.due_at != ticket.running_from + rules.TIME_TO_FULFIL:
        yield f"due at {ticket.due_at}, not 24 h after its receipt"
    if ticket.contained_at is not None and ticket.contained_at > ticket.received_at:
        yield "access was blocked after the receipt"
    is_over = ticket.met_at is not None and ticket.met_at > ticket.due_at
    if is_over and ticket.breached_at != ticket.due_at:
        yield f"met at {ticket.met_at}, after it was due, and not marked late"
    if rules.LATE_LEVEL in told and ticket.breached_at is None:
        yield "told late, and not marked so"
    if told and told != {level for level in rules.LEVELS if level <= max(told)}:
        yield f"levels {sorted(told)} were told, with a gap"


def _log_findings(organization: Organization) -> list[str]:
    seal_pending(organization.pk, thorough=True)
    report = verify(organization.pk, keys=own_keys())
    return [str(finding) for finding in report.findings]


def _events(*names: EventName) -> Any:
    return Event.objects.filter(
        organization_id=current_organization_id(), name__in=[name.value for name in names]
    ).order_by("id")
