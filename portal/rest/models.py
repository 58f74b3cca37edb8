"""Answers kept for a day, so that a POST sent twice happens once."""

from datetime import timedelta
from typing import ClassVar

from django.db import models

from tenants.inventory import DataClass
from tenants.scoping import TenantModel

KEPT = timedelta(hours=24)


class IdempotencyRecord(TenantModel):
    """One Idempotency-Key of one token. The answer is sealed: it may hold names."""

    data_class: ClassVar[DataClass] = DataClass.CREDENTIALS

    token_id = models.UUIDField()
    key = models.CharField(max_length=128)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    location = models.CharField(max_length=400, blank=True)
    body = models.TextField(blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("organization", "token_id", "key"), name="idempotency_once_per_token"
            ),
            models.CheckConstraint(
                condition=models.Q(finished_at__isnull=True, status__isnull=True)
                | models.Q(finished_at__isnull=False, status__isnull=False),
                name="idempotency_finished_with_status",
            ),
        )
        indexes = (models.Index(fields=("organization", "created_at"), name="idempotency_age"),)

    def __str__(self) -> str:
        return f"{self.token_id} {self.key}"
