"""How far each reader of the log has come, and what it owes to whom."""

from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.db import models
from django.db.models import Q

from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

# Longer than any attempt to hand over one mail takes: a claim that is older belongs to the dead.
LEASE: Final = timedelta(minutes=2)


class Cursor(TenantModel):
    """The next position of the log that a reader has not looked at."""

    data_class = DataClass.OPERATION

    name = models.CharField(max_length=32)
    position = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint("organization", "name", name="cursor_once")]

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"


class DeliveryQuerySet(TenantQuerySet["Delivery"]):
    def due(self, at: datetime) -> Self:
        """Waiting for their time, or claimed by a worker that died."""
        return self.filter(due_at(at))


class Delivery(TenantModel):
    """One letter to one recipient about one event. Holds no address and no text."""

    data_class = DataClass.OPERATION

    class Status(models.TextChoices):
        WAITING = "waiting"
        CLAIMED = "claimed"
        SENT = "sent"
        NOT_NEEDED = "not_needed"
        FAILED = "failed"

    event_id = models.UUIDField()
    # Who, as a name that is resolved when the letter is sent: `member:<id>`, `security`, ...
    recipient = models.CharField(max_length=64)
    letter = models.CharField(max_length=40)
    status = models.CharField(max_length=12, choices=Status, default=Status.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    wake_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=80, blank=True)

    objects: ClassVar = TenantManager.from_queryset(DeliveryQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "organization", "event_id", "recipient", name="delivery_once_each"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=["waiting", "claimed"],
                    wake_at__isnull=False,
                    settled_at__isnull=True,
                )
                | Q(
                    status__in=["sent", "not_needed", "failed"],
                    wake_at__isnull=True,
                    settled_at__isnull=False,
                ),
                name="delivery_status_instants",
            ),
        ]
        indexes = [
            models.Index("wake_at", name="delivery_due", condition=Q(wake_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.letter} to {self.recipient}"


def due_at(at: datetime) -> Q:
    return Q(wake_at__lte=at)
