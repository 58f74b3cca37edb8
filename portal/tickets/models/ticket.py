"""A request with a clock; its row is the truth, a queue message is only a wake-up."""

from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from audit.recorder import Target
from audit.refusals import Refusal, StaleVersion
from portal.tickets import rules
from portal.tickets.rules import Kind, Scope, Status
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.permissions import Permission
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

TONES = {
    Status.AWAITING_SECOND: "warn",
    Status.WAITING_INPUT: "warn",
    Status.BLOCKED: "danger",
    Status.RETRYING: "warn",
    Status.COMPLETED: "ok",
    Status.ERASED: "ok",
    Status.WITHDRAWN: "neutral",
    Status.REVERSED: "neutral",
}
_OPEN = sorted(rules.OPEN)
_ENDED = sorted(rules.ENDED)
_FULFILLED = sorted(rules.FULFILLED)
_GIVEN_UP = sorted(rules.GIVEN_UP)
_WORKING = sorted(rules.OPEN - rules.WITHDRAWABLE - {Status.CONTAINED})


def _statuses(kind: Kind) -> list[str]:
    return sorted(rules.TRANSITIONS[kind])


class IllegalMove(Refusal):
    """The request is in a state that does not allow what was asked."""

    code = "illegal-move"


class TicketQuerySet(TenantQuerySet["Ticket"]):
    def visible_to(self, actor: Actor) -> Self:
        """Everything for those who may see requests; others see none."""
        return self if actor.may(Permission.TICKET_VIEW) else self.none()

    def still_open(self) -> Self:
        return self.filter(status__in=_OPEN)

    def unmet(self, at: datetime) -> Self:
        """Open with a running clock; a scheduled one's begins when access ends."""
        running = self.still_open().filter(received_at__lte=at)
        return running.exclude(status__in=sorted(rules.PAUSED))

    def late(self, at: datetime) -> Self:
        """Past the promise: still open after it, or fulfilled after it."""
        return self.filter(
            Q(met_at__gt=models.F("due_at"))
            | (Q(due_at__lt=at, status__in=_OPEN) & ~Q(status__in=sorted(rules.PAUSED)))
        )

    def due_for_work(self, at: datetime) -> Self:
        return self.still_open().filter(wake_at__lte=at)

    def for_subject(self, kind: Kind, subject_id: UUID) -> Self:
        return self.filter(kind=kind, subject_id=subject_id)

    def freezing(self, integration_id: UUID | None) -> Self:
        """Deletions that forbid writes to this integration, or to the catalogue as a whole."""
        scope = Q(scope__in=[Scope.ALL_METADATA, Scope.CLOSE])
        scope |= Q(scope=Scope.DATA_CLASS, subject_id__in=rules.FREEZING_CLASSES)
        if integration_id is not None:
            scope |= Q(scope=Scope.INTEGRATION, subject_id=integration_id)
        return self.filter(scope, kind=Kind.DELETION, status__in=sorted(rules.FREEZING))


class Ticket(TenantModel):
    data_class = DataClass.REQUESTS
    names_people = {
        "requester_name": "requester_id",
        "confirmer_name": "confirmer_id",
        "subject_label": "subject_id",
    }

    number = models.CharField(max_length=16)
    kind = models.CharField(max_length=16, choices=Kind)
    scope = models.CharField(max_length=16, choices=Scope)
    status = models.CharField(max_length=16, choices=Status)
    # The subject outlives its row: named by kind, id and label, never by a foreign key.
    subject_kind = models.CharField(max_length=32)
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=320)
    reason = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=16, default="person")

    requester = models.ForeignKey(
        "tenants.Membership", models.SET_NULL, null=True, related_name="+"
    )
    requester_name = models.CharField(max_length=320)
    confirmer = models.ForeignKey(
        "tenants.Membership", models.SET_NULL, null=True, related_name="+"
    )
    confirmer_name = models.CharField(max_length=320, blank=True)

    filed_at = models.DateTimeField()
    # When access ends, if that was planned; the promise counts from then.
    scheduled_for = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    contained_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    cooling_off_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    destroyed_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    paused_seconds = models.PositiveIntegerField(default=0)
    # What the read-back of a person looks for: sealed, its key destroyed when the request ends.
    sealed_subject = models.TextField(blank=True)
    # When a worker should look at this row next; null once nothing is left to do.
    wake_at = models.DateTimeField(null=True)
    nudged_at = models.DateTimeField(null=True)

    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    previous = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")

    objects: ClassVar = TenantManager.from_queryset(TicketQuerySet)()

    class Meta:
        indexes = [
            models.Index("organization", models.F("id").desc(), name="ticket_newest"),
            models.Index("wake_at", name="ticket_wake", condition=Q(wake_at__isnull=False)),
            models.Index("due_at", name="ticket_due", condition=Q(status__in=_OPEN)),
        ]
        constraints = [
            models.UniqueConstraint("organization", "number", name="ticket_number_once"),
            models.UniqueConstraint(
                "organization",
                "kind",
                "scope",
                "subject_kind",
                "subject_id",
                name="ticket_one_open_per_subject",
                condition=Q(status__in=_OPEN),
            ),
            models.CheckConstraint(
                name="ticket_status_of_kind",
                condition=Q(kind=Kind.REVOCATION, status__in=_statuses(Kind.REVOCATION))
                | Q(kind=Kind.DELETION, status__in=_statuses(Kind.DELETION)),
            ),
            models.CheckConstraint(
                name="ticket_due_after_received",
                condition=Q(due_at__gt=models.F("received_at")),
            ),
            models.CheckConstraint(
                name="ticket_revocation_is_contained",
                condition=~Q(kind=Kind.REVOCATION)
                | Q(status__in=[Status.SCHEDULED, Status.WITHDRAWN], contained_at__isnull=True)
                | (
                    ~Q(status__in=[Status.SCHEDULED, Status.WITHDRAWN])
                    & Q(contained_at__isnull=False)
                ),
            ),
            models.CheckConstraint(
                name="ticket_scheduled_has_an_instant",
                condition=~Q(status=Status.SCHEDULED)
                | Q(
                    scheduled_for__isnull=False,
                    wake_at__isnull=False,
                    scheduled_for=models.F("received_at"),
                    wake_at=models.F("received_at"),
                ),
            ),
            models.CheckConstraint(
                name="ticket_received_when_filed_or_later",
                condition=Q(received_at__gte=models.F("filed_at")),
            ),
            models.CheckConstraint(
                name="ticket_cooling_off_ends",
                condition=~Q(status=Status.COOLING_OFF)
                | Q(cooling_off_until__isnull=False, confirmed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="ticket_work_has_started",
                condition=~Q(status__in=_WORKING) | Q(started_at__isnull=False),
            ),
            models.CheckConstraint(
                name="ticket_fulfilled_is_met",
                condition=Q(status__in=_FULFILLED, met_at__isnull=False)
                | (~Q(status__in=_FULFILLED) & Q(met_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="ticket_ended_has_an_end",
                condition=Q(status__in=_ENDED, ended_at__isnull=False, wake_at__isnull=True)
                | (~Q(status__in=_ENDED) & Q(ended_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="ticket_withdrawn_destroyed_nothing",
                condition=~Q(status__in=_GIVEN_UP) | Q(destroyed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def audit_target(self) -> Target:
        person = self.subject_id if self.subject_kind == "member" else None
        return Target(
            "ticket", self.pk, label=self.subject_label, reference=self.number, person=person
        )

    def move(self, to: Status, *, at: datetime) -> None:
        """Enter a status and set the timestamps it implies. Raises IllegalMove."""
        if not rules.may_move(self.kind, self.status, to):
            raise IllegalMove(
                _("%(number)s is now “%(status)s”; that is not possible any more.")
                % {"number": self.number, "status": self.get_status_display()}
            )
        self.status = to
        self.version += 1
        self.wake_at = None if to in rules.ENDED else at
        if to in rules.ENDED:
            self.ended_at = at
        if to in rules.FULFILLED:
            self.met_at = at
            self.breached_at = self.breached_at or (self.due_at if at > self.due_at else None)
        elif to in _WORKING:
            self.started_at = self.started_at or at

    def block(self, *, since: datetime, received_at: datetime, at: datetime) -> None:
        """Access is blocked, and the 24 hours count from then. Raises IllegalMove."""
        self.move(Status.CONTAINED, at=at)
        self.contained_at = since
        self.received_at = received_at
        self.due_at = rules.due_at(received_at)

    def confirm(self, *, at: datetime, cooling_off: timedelta, paused: timedelta) -> None:
        """Begin the cooling-off; the time a second person took does not count."""
        self.confirmed_at = at
        self.cooling_off_until = at + cooling_off
        self.paused_seconds += int(paused.total_seconds())
        self.due_at = rules.due_at(self.received_at, timedelta(seconds=self.paused_seconds))
        self.wake_at = self.cooling_off_until

    def check_version(self, expected: int | None) -> None:
        """Raises StaleVersion when the caller looked at an older state."""
        if expected is not None and expected != self.version:
            raise StaleVersion(_("This request has changed since you opened it. Look again."))

    @property
    def is_open(self) -> bool:
        return self.status in rules.OPEN

    @property
    def is_paused(self) -> bool:
        return self.status in rules.PAUSED

    @property
    def running_from(self) -> datetime:
        """The receipt as far as the clock goes; a pause comes before all work."""
        return self.received_at + timedelta(seconds=self.paused_seconds)

    @property
    def is_withdrawable(self) -> bool:
        return self.kind == Kind.DELETION and self.status in rules.WITHDRAWABLE

    @property
    def took_access(self) -> bool:
        """Whether it was this request that ended the access; it may have ended before."""
        return self.contained_at is not None and self.contained_at >= self.received_at

    @property
    def is_reversible(self) -> bool:
        """Whether a way back is left to somebody whose access is blocked."""
        return self.status in rules.REVERSIBLE and self.destroyed_at is None

    def as_of(self, at: datetime) -> Self:
        """As it is to be shown at `at`: a planned end of access that has come has come.

        Not to be saved. The worker writes the same, sooner or later.
        """
        if self.status == Status.SCHEDULED and self.received_at <= at:
            self.status, self.contained_at = Status.CONTAINED, self.received_at
        return self

    @property
    def tone(self) -> str:
        if self.breached_at is not None:
            return "danger"
        return TONES.get(Status(self.status), "info")

    def is_late(self, at: datetime) -> bool:
        if self.is_paused or self.status in rules.GIVEN_UP:
            return self.breached_at is not None
        return rules.is_late(self.due_at, met_at=self.met_at, at=at)

    def is_at_risk(self, at: datetime) -> bool:
        return (
            self.is_open
            and not self.is_paused
            and not self.is_late(at)
            and rules.is_at_risk(self.running_from, self.due_at, at)
        )
