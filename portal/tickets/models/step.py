"""One step of a request: claimed by a worker with a lease, safe to repeat."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from portal.tickets.models.ticket import Ticket
from portal.tickets.rules import StepStatus
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

FINISHED = (StepStatus.DONE, StepStatus.SKIPPED)


class StepQuerySet(TenantQuerySet["Step"]):
    def unfinished(self) -> Self:
        return self.exclude(status__in=FINISHED)


class Step(TenantModel):
    data_class = DataClass.REQUESTS

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
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
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.name}"

    def is_leased(self, at: datetime) -> bool:
        return self.lease_until is not None and self.lease_until > at
