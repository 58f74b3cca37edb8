"""Imports and the files they read, which live only until the import has ended."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from portal.catalog.models.base import belongs
from portal.catalog.models.reach import Reach
from portal.catalog.rules import (
    LEASE,
    MAXIMUM_ATTEMPTS,
    OPEN_RUNS,
    PATIENCE,
    RunStatus,
    Trigger,
    UploadKind,
)
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

S = RunStatus


def unattended(at: datetime) -> Q:
    """Runs whose message was lost or whose worker died."""
    # What lies ahead was written before the clock was set back.
    queued = Q(queued_at__lte=at - PATIENCE) | Q(queued_at__gt=at)
    return (Q(status=S.QUEUED) & queued) | (Q(status=S.RUNNING) & ~leased(at))


def leased(at: datetime) -> Q:
    """A worker is at it; no lease is longer, so one that ends later was given by another clock."""
    return Q(lease_until__gt=at, lease_until__lte=at + LEASE)


def overdue(at: datetime) -> Q:
    """Files that should be gone: past their time, or their import has ended."""
    return Q(deleted_at__isnull=True) & (Q(expires_at__lte=at) | ~Q(run__status__in=OPEN_RUNS))


class ImportRunQuerySet(TenantQuerySet["ImportRun"]):
    def visible_to(self, actor: Actor) -> Self:
        """Runs tell of a whole integration, so they are for those who see all of it."""
        return self if Reach.of(actor).every_integration else self.none()

    def open(self) -> Self:
        return self.filter(status__in=OPEN_RUNS)


class ImportRun(TenantModel):
    """One reading of a source or its files: how far it is, what it changed, or what was wrong.

    What is counted while it runs are bytes of files; of a database, its tables and views.
    """

    data_class = DataClass.ACTIVITY

    integration = belongs("catalog.Integration", db_index=False)
    status = models.CharField(max_length=10, choices=RunStatus, default=S.QUEUED)
    started_by = models.ForeignKey(
        "tenants.Membership", null=True, on_delete=models.PROTECT, related_name="+"
    )
    trigger = models.CharField(max_length=10, choices=Trigger, default=Trigger.UPLOAD)
    queued_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    bytes_total = models.BigIntegerField()
    bytes_read = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True)
    error_file = models.CharField(max_length=20, blank=True)
    error_key = models.TextField(blank=True)
    error_line = models.PositiveIntegerField(null=True)
    error_offset = models.BigIntegerField(null=True)

    objects: ClassVar = TenantManager.from_queryset(ImportRunQuerySet)()

    class Meta:
        verbose_name_plural = _("import runs")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration"],
                condition=Q(status__in=OPEN_RUNS),
                name="one_open_import",
            ),
            models.CheckConstraint(
                name="import_status_instants",
                condition=Q(status=S.QUEUED, started_at__isnull=True, finished_at__isnull=True)
                | Q(
                    status=S.RUNNING,
                    started_at__isnull=False,
                    lease_until__isnull=False,
                    finished_at__isnull=True,
                )
                | Q(status=S.FINISHED, started_at__isnull=False, finished_at__isnull=False)
                | (
                    Q(status__in=[S.FAILED, S.STOPPED], finished_at__isnull=False)
                    & ~Q(error_code="")
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "integration", "id"], name="import_erasure"),
            models.Index(
                fields=["queued_at"],
                condition=Q(status__in=OPEN_RUNS),
                name="import_open",
            ),
        ]

    def __str__(self) -> str:
        return f"Import {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_RUNS

    @property
    def tone(self) -> str:
        tones = {S.FINISHED: "ok", S.FAILED: "danger", S.STOPPED: "warn", S.RUNNING: "info"}
        return tones.get(S(self.status), "neutral")

    @property
    def percent(self) -> int:
        """How much has been read; the last step, writing, keeps it just short of the end."""
        if not self.is_open:
            return 100
        return min(99, self.bytes_read * 100 // max(1, self.bytes_total))

    @property
    def changed_nothing(self) -> bool:
        """It ended well, and everything was there already."""
        moved = ("added", "changed", "removed")
        return self.status == S.FINISHED and not any(self.counts.get(name) for name in moved)

    @property
    def took(self) -> timedelta | None:
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at

    @property
    def is_worn_out(self) -> bool:
        """Its worker died again and again: something about the files kills it."""
        return self.attempts >= MAXIMUM_ATTEMPTS

    def end(self, status: RunStatus, *, at: datetime, **facts: Any) -> None:
        self.status = status
        self.finished_at = at
        self.lease_until = None
        for name, value in facts.items():
            setattr(self, name, value)

    def audit_target(self) -> Target:
        return Target(kind="import", id=self.pk)


class UploadQuerySet(TenantQuerySet["Upload"]):
    def kept(self) -> Self:
        return self.filter(deleted_at__isnull=True)


class Upload(TenantModel):
    """A file a customer sent; deleted when its import ends, at the latest when it expires."""

    data_class = DataClass.UPLOADS

    integration = belongs("catalog.Integration", db_index=False)
    run = belongs("catalog.ImportRun")
    kind = models.CharField(max_length=10, choices=UploadKind)
    path = models.CharField(max_length=200)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    objects: ClassVar = TenantManager.from_queryset(UploadQuerySet)()

    class Meta:
        verbose_name_plural = _("uploaded files")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "run", "kind"], name="upload_kind_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "integration", "id"], name="upload_erasure"),
            models.Index(
                fields=["expires_at"],
                condition=Q(deleted_at__isnull=True),
                name="upload_kept",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    def audit_target(self) -> Target:
        return Target(kind="upload", id=self.pk)
