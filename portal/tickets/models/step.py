"""One step of a request: claimed by a worker with a lease, safe to repeat."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from portal.tickets.models.ticket import Ticket
from portal.tickets.rules import LONGEST_LEASE, StepStatus
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

FINISHED = (StepStatus.DONE, StepStatus.SKIPPED)


class StepQuerySet(TenantQuerySet["Step"]):
    def unfinished(self) -> Self:
        return self.exclude(status__in=FINISHED)

    def asking(self) -> Self:
        """Those that somebody has to answer."""
        return self.filter(status=StepStatus.WAITING).exclude(asks="")


class Step(TenantModel):
    data_class = DataClass.REQUESTS
    names_people = {"assignee_name": "assignee_id", "completer_name": "completer_id"}

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=64)
    # Of a step that stands for one of several things; else the plan's words are shown.
    title = models.CharField(max_length=160, blank=True)
    status = models.CharField(max_length=16, choices=StepStatus, default=StepStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    rounds = models.PositiveSmallIntegerField(default=1)
    lease_holder = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    # Where to go on after a crash, and what came out: numbers and names, nothing personal.
    cursor = models.JSONField(default=dict)
    result = models.JSONField(default=dict)
    error_code = models.CharField(max_length=120, blank=True)

    # While it waits: when a worker looks again (null: once it is answered), and who is asked.
    wait_until = models.DateTimeField(null=True)
    waiting_since = models.DateTimeField(null=True)
    # An answer came while a worker was at it: looked at as soon as that worker is through.
    answered_at = models.DateTimeField(null=True)
    asks = models.CharField(max_length=1000, blank=True)
    evidence_asked = models.CharField(max_length=300, blank=True)
    needs_reference = models.BooleanField(default=False)
    answer_due_at = models.DateTimeField(null=True)
    assignee = models.ForeignKey("tenants.Membership", models.SET_NULL, null=True, related_name="+")
    assignee_name = models.CharField(max_length=320, blank=True)
    is_for_vendor = models.BooleanField(default=False)
    # Who of the vendor has it in hand: their place is in another organization, so by id alone.
    staff_id = models.UUIDField(null=True)
    staff_name = models.CharField(max_length=320, blank=True)
    evidence = models.CharField(max_length=2000, blank=True)
    reference = models.CharField(max_length=500, blank=True)
    completer = models.ForeignKey(
        "tenants.Membership", models.SET_NULL, null=True, related_name="+"
    )
    completer_name = models.CharField(max_length=320, blank=True)

    objects: ClassVar = TenantManager.from_queryset(StepQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint("ticket", "position", name="step_position_once"),
            models.UniqueConstraint("ticket", "name", name="step_name_once"),
            models.CheckConstraint(
                name="step_finished_has_an_end",
                condition=Q(status__in=FINISHED, finished_at__isnull=False)
                | (~Q(status__in=FINISHED) & Q(finished_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="step_running_has_a_lease",
                condition=Q(
                    status=StepStatus.RUNNING,
                    lease_holder__isnull=False,
                    lease_until__isnull=False,
                )
                | (
                    ~Q(status=StepStatus.RUNNING)
                    & Q(lease_holder__isnull=True, lease_until__isnull=True)
                ),
            ),
            models.CheckConstraint(
                name="step_waiting_has_a_beginning",
                condition=~Q(status=StepStatus.WAITING) | Q(waiting_since__isnull=False),
            ),
            models.CheckConstraint(
                name="step_asked_has_a_due_time",
                condition=Q(asks="") | Q(answer_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.name}"

    def is_leased(self, at: datetime) -> bool:
        return self.lease_until is not None and at < self.lease_until <= at + LONGEST_LEASE

    def is_resting(self, at: datetime) -> bool:
        """Waits, and a worker has nothing to look at yet."""
        due = self.wait_until is not None and self.wait_until <= at
        return self.status == StepStatus.WAITING and not due

    @property
    def is_vendors(self) -> bool:
        """Waits for the vendor: asked of them, or stopped after too many attempts."""
        return self.status == StepStatus.BLOCKED or (self.is_asking and self.is_for_vendor)

    @property
    def is_asking(self) -> bool:
        """Waits for an answer that somebody has been asked for."""
        return self.status == StepStatus.WAITING and bool(self.asks)
