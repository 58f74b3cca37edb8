"""What a diagnostic grant may do and become: states, legal moves, capabilities and time limits."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Self
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

# Promised to every customer: consent ends by itself after 21 days (1,814,400 seconds).
LONGEST = timedelta(days=21)
SHORTEST = timedelta(hours=1)
OFFERED = (timedelta(days=1), timedelta(days=7), timedelta(days=21))
# More than the longest grant within so many days needs an owner among those who approve.
LONG_STAY = timedelta(days=30)
ANSWER_WITHIN = timedelta(hours=72)
# A support session is short, the consent is long: an abandoned browser is not 21 days of access.
SESSION_LONGEST = timedelta(hours=8)
SESSION_IDLE = timedelta(minutes=15)
# How exactly the idle time is known: a session may end by this much too early, never too late.
SEEN_EVERY = timedelta(seconds=5)
JUSTIFICATION_SHORTEST = 20
# The same 24 hours as every other promise: a disputed read is answered within them.
ANSWER_DISPUTE_WITHIN = timedelta(hours=24)
DISPUTE_LEVELS = (50, 75, 90, 100)
LATE_LEVEL = 100
# An approver has a day left when they are reminded.
REMIND_AFTER = timedelta(hours=48)
# What is short anyway is announced when a quarter of it is left.
ENDING_SOON = timedelta(hours=24)
EMERGENCY_LONGEST = timedelta(days=90)
EMERGENCY_USES = (timedelta(hours=4), timedelta(hours=24), timedelta(hours=72))
EMERGENCY_APPROVERS = 2
# Two people who look at the same emergency, not one who agreed to something weeks ago.
EMERGENCY_AGREE_WITHIN = timedelta(hours=1)


class CaseStatus(TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class GrantStatus(TextChoices):
    """Descriptions only: access itself is decided from the timestamps at each request."""

    VENDOR_REVIEW = "vendor_review", _("Being checked by the vendor")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    VENDOR_REJECTED = "vendor_rejected", _("Stopped by the vendor")
    PENDING_CUSTOMER = "pending_customer", _("Waiting for an answer")
    DENIED = "denied", _("Denied")
    LAPSED = "lapsed", _("Not answered")
    SCHEDULED = "scheduled", _("Starts later")
    ACTIVE = "active", _("Active")
    REVOKED = "revoked", _("Revoked")
    ENDED = "ended", _("Ended")
    CANCELLED = "cancelled", _("Cancelled")


class ReasonCode(TextChoices):
    CUSTOMER_SUPPORT = "customer_support", _("The customer asked for support")
    VENDOR_SERVICE = "vendor_service", _("The vendor found a fault")
    SECURITY_REVIEW = "security_review", _("Security or abuse review")
    PRODUCTION_ALERT = "production_alert", _("An alert in production")


class Capability(TextChoices):
    """What may be seen or done. Secrets are in none of them, and no address of a source."""

    STATUS = "status", _("See status and errors")
    METADATA = "metadata", _("See metadata: tables, columns and descriptions")
    SAMPLES = "samples", _("See samples: values of metrics and of checks")
    VALUES = "values", _("See values inside errors and descriptions unmasked")
    RUN = "run", _("Run a test or a sync")
    SETTINGS = "settings", _("Change settings: name and schedule, never secrets")


# What does something. Off unless somebody ticks it, at the request and again at the approval.
ACTING: frozenset[str] = frozenset({Capability.RUN, Capability.SETTINGS})


# What each is of no use without: nobody changes what they do not see.
NEEDS: Mapping[str, str] = {
    Capability.RUN: Capability.STATUS,
    Capability.SETTINGS: Capability.STATUS,
    Capability.SAMPLES: Capability.METADATA,
}


class Act(TextChoices):
    """What was done with an object that left through the door."""

    READ = "read", _("read")
    TESTED = "tested", _("tested the connection")
    RAN = "ran", _("started a sync")
    CHANGED = "changed", _("changed settings")


class ScopeKind(TextChoices):
    INTEGRATION = "integration", _("Integration")
    RESOURCE = "resource", _("Resource")


class DisputeStatus(TextChoices):
    OPEN = "open", _("Waiting for the vendor")
    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")


class ReminderKind(TextChoices):
    """Each is sent at most once for one thing."""

    UNANSWERED = "unanswered", _("A request is not answered")
    ENDING = "ending", _("Access ends soon")
    EMERGENCY_ENDING = "emergency_ending", _("An emergency consent ends soon")
    DISPUTE_50 = "dispute_50", _("Half of the time has passed")
    DISPUTE_75 = "dispute_75", _("Three quarters of the time have passed")
    DISPUTE_90 = "dispute_90", _("Nine tenths of the time have passed")
    DISPUTE_100 = "dispute_100", _("Late")


class Verdict(TextChoices):
    """The decisions kept beside a grant, in the order they were made."""

    ENDORSED = "endorsed", _("Passed on by the vendor")
    REJECTED = "rejected", _("Stopped by the vendor")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    APPROVED = "approved", _("Approved")
    NARROWED = "narrowed", _("Narrowed")
    DENIED = "denied", _("Denied")
    REVOKED = "revoked", _("Revoked")
    EMERGENCY = "emergency", _("Agreed to open it in an emergency")


S = GrantStatus
TRANSITIONS: Mapping[str, frozenset[str]] = {
    S.VENDOR_REVIEW: frozenset({S.WITHDRAWN, S.VENDOR_REJECTED, S.PENDING_CUSTOMER, S.CANCELLED}),
    S.PENDING_CUSTOMER: frozenset(
        {S.WITHDRAWN, S.DENIED, S.LAPSED, S.SCHEDULED, S.ACTIVE, S.CANCELLED}
    ),
    S.SCHEDULED: frozenset({S.ACTIVE, S.SCHEDULED, S.REVOKED, S.ENDED}),
    S.ACTIVE: frozenset({S.ACTIVE, S.REVOKED, S.ENDED}),
    S.WITHDRAWN: frozenset(),
    S.VENDOR_REJECTED: frozenset(),
    S.DENIED: frozenset(),
    S.LAPSED: frozenset(),
    S.REVOKED: frozenset(),
    S.ENDED: frozenset(),
    S.CANCELLED: frozenset(),
}
DISPUTE_MOVES: Mapping[DisputeStatus, frozenset[DisputeStatus]] = {
    DisputeStatus.OPEN: frozenset({DisputeStatus.ANSWERED, DisputeStatus.CLOSED}),
    DisputeStatus.ANSWERED: frozenset({DisputeStatus.CLOSED}),
    DisputeStatus.CLOSED: frozenset(),
}
WAITING = frozenset({S.VENDOR_REVIEW, S.PENDING_CUSTOMER})
APPROVED = frozenset({S.SCHEDULED, S.ACTIVE})
OPEN = WAITING | APPROVED
# Ends that only an approved grant can come to.
AFTERWARDS = frozenset({S.REVOKED, S.ENDED})


def may_move(status: str, to: str) -> bool:
    return to in TRANSITIONS[status]


@dataclass(frozen=True, slots=True, order=True)
class ScopeItem:
    """One thing a grant covers: a whole integration, or a single resource of one."""

    kind: str
    object_id: UUID
    integration_id: UUID
    label: str = ""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.object_id}"

    @classmethod
    def from_json(cls, row: Mapping[str, str]) -> Self:
        return cls(
            row["kind"], UUID(row["object_id"]), UUID(row["integration_id"]), row.get("label", "")
        )

    def as_json(self) -> dict[str, str]:
        return {
            "kind": self.kind,
            "object_id": str(self.object_id),
            "integration_id": str(self.integration_id),
            "label": self.label,
        }


def unknown_resource(pk: UUID) -> ScopeItem:
    """A table that is asked for by an id that is none of the case's: it lies in nothing."""
    return ScopeItem(ScopeKind.RESOURCE, pk, pk, str(pk))


def lies_in_nothing(item: ScopeItem) -> bool:
    """Whether this is such an id: no table has its integration's id."""
    return item.kind == ScopeKind.RESOURCE and item.object_id == item.integration_id


def scope_hash(case_id: UUID, capabilities: Iterable[str], scope: Iterable[ScopeItem]) -> str:
    """The same request twice has the same hash; a scope left to the customer counts per case."""
    keys = sorted(item.key for item in scope) or [f"case:{case_id}"]
    text = "|".join([*sorted(capabilities), *keys])
    return sha256(text.encode()).hexdigest()


def covered(wanted: ScopeItem, widest: Sequence[ScopeItem]) -> bool:
    """Whether one item lies inside a scope: named itself, or part of a named integration.

    What lies in nothing lies inside every scope.
    """
    if lies_in_nothing(wanted):
        return True
    for item in widest:
        if item.key == wanted.key:
            return True
        if item.kind == ScopeKind.INTEGRATION and item.object_id == wanted.integration_id:
            return True
    return False


def expiry(*, approved_at: datetime, starts_at: datetime, duration: timedelta) -> datetime:
    """The exclusive end. A later start uses up its own time: 21 days count from the approval."""
    return min(starts_at + duration, approved_at + LONGEST)


def lapses_at(endorsed_at: datetime) -> datetime:
    return endorsed_at + ANSWER_WITHIN


def ending_soon(starts_at: datetime, expires_at: datetime) -> datetime:
    """When it is said that access ends: a day before, or in the last quarter of a short one."""
    return expires_at - min(ENDING_SOON, (expires_at - starts_at) / 4)


def time_within(
    spans: Iterable[tuple[datetime, datetime]], since: datetime, until: datetime
) -> timedelta:
    """How much of a window the spans cover together; what two cover at once counts once."""
    total, reached = timedelta(), since
    for start, end in sorted(spans):
        begin = max(start, reached)
        if min(end, until) > begin:
            total += min(end, until) - begin
            reached = min(end, until)
    return total
