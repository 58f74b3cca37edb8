"""Which sweeps ran, and which parts of the system are alive."""

from datetime import datetime
from typing import ClassVar

from django.db import models

from tenants.inventory import DataClass


class SweepRun(models.Model):
    """One slot of one sweep, taken by whoever inserted the row first."""

    data_class: ClassVar[DataClass] = DataClass.OPERATION

    name = models.CharField(max_length=64)
    slot = models.BigIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "slot"], name="queue_sweeprun_one_per_slot")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.slot}"


class Heartbeat(models.Model):
    """When a part last said that it lives: `beat`, or `worker`."""

    data_class: ClassVar[DataClass] = DataClass.OPERATION

    name = models.CharField(max_length=32, primary_key=True)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @classmethod
    def pulse(cls, name: str, *, at: datetime) -> None:
        cls.objects.update_or_create(name=name, defaults={"seen_at": at})
