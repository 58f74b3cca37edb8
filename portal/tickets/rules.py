"""What may happen to a request and when: the transition table of each kind, and its clock."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from tenants.inventory import ERASABLE_ALONE, METADATA_CLASSES, DataClass

# 24 h: contract clause, for revocation and deletion alike.
TIME_TO_FULFIL = timedelta(hours=24)
# A second person who does not answer: reminded first, then the request lapses.
SECOND_PERSON_WINDOW = timedelta(hours=72)
LEVELS = (50, 75, 90, 100)
AT_RISK_LEVEL = 75
LATE_LEVEL = 100

MAXIMUM_ATTEMPTS = 8
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
# Renewed with every piece of work; how long a killed worker is waited for.
LEASE = timedelta(seconds=30)
# No worker asks for more: a lease that ends later was given before the clock was set back.
LONGEST_LEASE = timedelta(minutes=5)
# How often a parked request tries once more by itself.
BLOCKED_PAUSE = timedelta(hours=1)
# How far ahead the end of an access may be planned.
FURTHEST_AHEAD = timedelta(days=365)


class Kind(TextChoices):
    REVOCATION = "revocation", _("Revoke access")
    DELETION = "deletion", _("Delete metadata")


class Scope(TextChoices):
    MEMBER = "member", _("A person's access")
    SERVICE_ACCOUNT = "service_account", _("A service account's access")
    TEAM = "team", _("The access of a whole team")
    ALL_METADATA = "all_metadata", _("All metadata of the workspace")
    INTEGRATION = "integration", _("One integration")
    PERSON = "person", _("A person's data")
    DATA_CLASS = "data_class", _("One kind of data")
    CLOSE = "close", _("The whole workspace")


# Whose access a revocation takes; every other scope is a deletion's.
OF_REVOCATION = frozenset({Scope.MEMBER, Scope.SERVICE_ACCOUNT, Scope.TEAM})
# Made of one request for each person: only steps that name the scope belong to it.
COLLECTIVE = frozenset({Scope.TEAM})


class Status(TextChoices):
    """Where a request stands. Access itself is decided from timestamps, never from here."""

    AWAITING_SECOND = "awaiting_second", _("Waiting for a second person")
    COOLING_OFF = "cooling_off", _("Cooling off")
    SCHEDULED = "scheduled", _("Scheduled")
    CONTAINED = "contained", _("Access blocked")
    INVENTORY = "inventory", _("Counting what is there")
    RUNNING = "running", _("In progress")
    ERASING = "erasing", _("Erasing")
    RETRYING = "retrying", _("Trying again")
    WAITING_INPUT = "waiting_input", _("Needs an answer")
    BLOCKED = "blocked", _("Needs the vendor")
    VERIFYING = "verifying", _("Checking the result")
    COMPLETED = "completed", _("Done, with proof")
    ERASED = "erased", _("Erased, with certificate")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    REVERSED = "reversed", _("Taken back")


class StepStatus(TextChoices):
    PENDING = "pending", _("Next")
    RUNNING = "running", _("Working")
    RETRYING = "retrying", _("Trying again")
    WAITING = "waiting", _("Waiting")
    BLOCKED = "blocked", _("Needs the vendor")
    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Not needed")


S = Status
Table = Mapping[Status, frozenset[Status]]

# One table per kind. A move that is not here cannot be written (the model refuses it, and so
# does the database for a status its timestamps do not allow).
TRANSITIONS: Mapping[Kind, Table] = {
    Kind.REVOCATION: {
        S.SCHEDULED: frozenset({S.CONTAINED, S.WITHDRAWN}),
        S.CONTAINED: frozenset({S.RUNNING, S.REVERSED}),
        S.RUNNING: frozenset({S.VERIFYING, S.WAITING_INPUT, S.RETRYING, S.BLOCKED, S.REVERSED}),
        S.WAITING_INPUT: frozenset({S.RUNNING, S.VERIFYING, S.RETRYING, S.BLOCKED, S.REVERSED}),
        S.RETRYING: frozenset({S.RUNNING, S.VERIFYING, S.BLOCKED, S.REVERSED}),
        S.BLOCKED: frozenset({S.RUNNING, S.VERIFYING, S.REVERSED}),
        S.VERIFYING: frozenset({S.RUNNING, S.RETRYING, S.BLOCKED, S.COMPLETED}),
        S.COMPLETED: frozenset(),
        S.WITHDRAWN: frozenset(),
        S.REVERSED: frozenset(),
    },
    Kind.DELETION: {
        S.AWAITING_SECOND: frozenset({S.COOLING_OFF, S.WITHDRAWN}),
        S.COOLING_OFF: frozenset({S.INVENTORY, S.WITHDRAWN}),
        S.INVENTORY: frozenset({S.ERASING, S.RETRYING, S.BLOCKED}),
        S.ERASING: frozenset({S.VERIFYING, S.WAITING_INPUT, S.RETRYING, S.BLOCKED}),
        S.WAITING_INPUT: frozenset({S.ERASING, S.VERIFYING, S.RETRYING, S.BLOCKED}),
        S.RETRYING: frozenset({S.INVENTORY, S.ERASING, S.VERIFYING, S.BLOCKED}),
        S.BLOCKED: frozenset({S.INVENTORY, S.ERASING, S.VERIFYING}),
        S.VERIFYING: frozenset({S.ERASING, S.RETRYING, S.BLOCKED, S.ERASED}),
        S.ERASED: frozenset(),
        S.WITHDRAWN: frozenset(),
    },
}
FIRST_STATUSES: Mapping[Kind, frozenset[Status]] = {
    Kind.REVOCATION: frozenset({S.SCHEDULED, S.CONTAINED}),
    Kind.DELETION: frozenset({S.AWAITING_SECOND, S.COOLING_OFF}),
}
FULFILLED = frozenset({S.COMPLETED, S.ERASED})
# Ended by a person's will, with nothing destroyed.
GIVEN_UP = frozenset({S.WITHDRAWN, S.REVERSED})
ENDED = FULFILLED | GIVEN_UP
OPEN = frozenset(Status) - ENDED
# Nothing has been destroyed yet: the last safe way out.
WITHDRAWABLE = frozenset({S.AWAITING_SECOND, S.COOLING_OFF, S.SCHEDULED})
# The way back of somebody whose access is blocked: as long as nothing was destroyed.
REVERSIBLE = frozenset(
    status for status, ways in TRANSITIONS[Kind.REVOCATION].items() if S.REVERSED in ways
)
# Only here does the clock stand still: the customer owes the next move.
PAUSED = frozenset({S.AWAITING_SECOND})
# Here a worker looks again whenever it is woken; elsewhere the next look is a promised instant.
AT_WORK = frozenset(
    {
        S.CONTAINED,
        S.INVENTORY,
        S.RUNNING,
        S.ERASING,
        S.RETRYING,
        S.WAITING_INPUT,
        S.BLOCKED,
        S.VERIFYING,
    }
)
# From counting to read-back nothing new may be written into the scope.
FREEZING = frozenset({S.INVENTORY, S.ERASING, S.WAITING_INPUT, S.RETRYING, S.BLOCKED, S.VERIFYING})


def class_subject(data_class: DataClass) -> UUID:
    """A kind of data as the subject of a request: the same id in every workspace."""
    return uuid5(NAMESPACE_URL, f"gatehouse:data-class:{data_class}")


CLASS_SUBJECTS: Mapping[UUID, DataClass] = {class_subject(one): one for one in ERASABLE_ALONE}
# Imports write into these; the others go on being written, and only what is older goes.
FREEZING_CLASSES = [class_subject(one) for one in ERASABLE_ALONE if one in METADATA_CLASSES]


def may_move(kind: str, before: str, after: str) -> bool:
    return Status(after) in TRANSITIONS[Kind(kind)].get(Status(before), frozenset())


def due_at(received_at: datetime, paused: timedelta = timedelta(0)) -> datetime:
    """The end of the promise, to the second; time spent paused is added."""
    return received_at + TIME_TO_FULFIL + paused


def spent(running_from: datetime, due: datetime, at: datetime) -> float:
    """Share of the promised time that has gone by, 1.0 when due.

    `running_from` is the receipt, moved on by the time the clock stood still: that time is
    neither promised nor spent, and would else fire the early levels all at once.
    """
    return (at - running_from) / (due - running_from)


def instant_of(running_from: datetime, due: datetime, level: int) -> datetime:
    """When this share of the promised time has gone by."""
    return running_from + (due - running_from) * level / 100


def levels_reached(running_from: datetime, due: datetime, at: datetime) -> tuple[int, ...]:
    """The levels gone by; the last one only once the promise is broken, not when it is due."""
    share = spent(running_from, due, at) * 100
    before_due = tuple(level for level in LEVELS if level < LATE_LEVEL and share >= level)
    return (*before_due, LATE_LEVEL) if at > due else before_due


def is_at_risk(running_from: datetime, due: datetime, at: datetime) -> bool:
    return spent(running_from, due, at) * 100 >= AT_RISK_LEVEL


def is_late(due: datetime, *, met_at: datetime | None, at: datetime) -> bool:
    """Due is the last instant in time: late begins after it."""
    return (met_at or at) > due


def pause_after(attempts: int) -> timedelta:
    """How long to wait after a failed attempt: 30 s, doubled each time, an hour at most."""
    doublings = max(attempts - 1, 0)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
