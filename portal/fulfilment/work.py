"""What a step of a request is made of: the job it gets, and how a piece of work may end."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.tickets import rules
from portal.tickets.models import Step, Ticket
from portal.tickets.plans import StepPlan, family_of
from tenants.access import Actor
from tenants.models import Membership


@dataclass(frozen=True, slots=True)
class Again:
    """A piece is done and there is more: the same step goes on from `cursor`."""

    done: int
    total: int
    cursor: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """The step is done, or was not needed; `result` holds numbers and names only."""

    result: Mapping[str, Any] = field(default_factory=dict)
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Repair:
    """The check found something left: these steps run again, then this one."""

    steps: tuple[str, ...]
    because: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody is to do, what they have to show for it, and until when.

    Without an assignee anybody who works on requests may answer.
    """

    what: str
    evidence: str
    due_at: datetime
    assignee: Membership | None = None
    is_for_vendor: bool = False
    needs_reference: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """The step goes on later: at `until`, or when it is answered. The clock runs on.

    With `ask` somebody is named and the request needs them; without, another system is awaited.
    Steps behind it in the same phase go on meanwhile.
    """

    until: datetime | None = None
    ask: Ask | None = None
    because: str = ""
    cursor: Mapping[str, Any] = field(default_factory=dict)


Outcome = Again | Finished | Repair | Wait


@dataclass(slots=True)
class Job:
    """A step claimed by this worker until the lease ends."""

    ticket: Ticket
    step: Step
    plan: StepPlan
    actor: Actor
    holder: UUID
    at: datetime

    @property
    def cursor(self) -> dict[str, Any]:
        return dict(self.step.cursor)


@dataclass(frozen=True, slots=True)
class Carrier:
    """How a step is carried out.

    In a transaction, the work and the note that it is done commit together. Work that cannot
    be in one (files, requests, maintenance of the database) must be safe to repeat instead.
    """

    work: Callable[[Job], Outcome]
    in_transaction: bool = True
    lease: timedelta = rules.LEASE


_carriers: dict[tuple[str, str], Carrier] = {}


def register_carrier(kind: str, name: str, carrier: Carrier) -> None:
    _carriers[kind, name] = carrier


def carrier_of(kind: str, name: str) -> Carrier:
    """Who carries the step out; the steps of a family share one carrier."""
    return _carriers[kind, family_of(name)]
