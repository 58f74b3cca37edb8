"""Data sources a customer has connected."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from portal.catalog.models.reach import Reach
from portal.catalog.rules import PUSHED, READ, IntegrationKind, IntegrationStatus
from portal.catalog.schedules import MISSED, PERIODS, Every, Schedule
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.permissions import Permission
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

S = IntegrationStatus


def due(at: datetime) -> Q:
    """What its schedule wants read now. A due time that was missed is one run, not many."""
    return Q(next_run_at__lte=at, paused_at=None, deleting_at=None, kind__in=READ)


def is_stale(at: datetime) -> Q:
    """Read by a schedule, and not read for longer than that schedule allows."""
    late = Q()
    for every, period in PERIODS.items():
        late |= Q(every=every, last_sync_at__lt=at - MISSED * period)
    return late & Q(paused_at=None, deleting_at=None)


class IntegrationQuerySet(TenantQuerySet["Integration"]):
    def visible_to(self, actor: Actor) -> Self:
        """Everything for those who manage or watch over it; else what one's teams were given."""
        reach = Reach.of(actor)
        if reach.every_integration:
            return self
        return self.filter(
            Q(pk__in=reach.integrations()) | Q(pk__in=reach.integrations_of_singles())
        )

    def pushed_to_by(self, actor: Actor) -> Self:
        """What an agent may send to. It sees no catalogue, so `visible_to` would show it none."""
        if not actor.may(Permission.CATALOG_PUSH):
            return self.none()
        return self.filter(kind__in=PUSHED)

    def due(self, at: datetime) -> Self:
        return self.filter(due(at))


class Integration(TenantModel):
    """A connected source, its state, and when and how it was last read."""

    data_class = DataClass.CATALOG

    kind = models.CharField(_("kind"), max_length=30, choices=IntegrationKind)
    name = models.CharField(_("name"), max_length=120)
    status = models.CharField(max_length=10, choices=IntegrationStatus, default=S.NEW)
    scopes = models.JSONField(default=list)
    owner = models.ForeignKey(
        "tenants.Membership", null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    paused_at = models.DateTimeField(null=True)
    deleting_at = models.DateTimeField(null=True)
    last_sync_at = models.DateTimeField(null=True)
    last_error_at = models.DateTimeField(null=True)
    last_error_code = models.CharField(max_length=40, blank=True)
    last_error_hint = models.TextField(blank=True)
    resource_count = models.PositiveIntegerField(default=0)
    field_count = models.PositiveIntegerField(default=0)
    # Where the source is and as whom it is read; the secret part is sealed beside it.
    connection = models.JSONField(default=dict)
    connection_version = models.PositiveIntegerField(default=1)
    credential = models.TextField(blank=True)
    credential_set_at = models.DateTimeField(null=True)
    # What the last run found that somebody should put right at the source.
    warnings = models.JSONField(default=list)
    every = models.CharField(max_length=10, choices=Every, default=Every.OFF)
    run_time = models.TimeField(default=time(0, 0))
    weekday = models.PositiveSmallIntegerField(default=0)
    next_run_at = models.DateTimeField(null=True)

    objects: ClassVar = TenantManager.from_queryset(IntegrationQuerySet)()

    class Meta:
        verbose_name_plural = _("integrations")
        constraints = [
            models.UniqueConstraint(Lower("name"), "organization", name="integration_name_once"),
            models.CheckConstraint(
                name="integration_status_instants",
                condition=Q(status=S.NEW, last_sync_at__isnull=True, deleting_at__isnull=True)
                | Q(status=S.READY, last_sync_at__isnull=False, deleting_at__isnull=True)
                | Q(status=S.FAILING, last_error_at__isnull=False, deleting_at__isnull=True)
                | Q(status=S.DELETING, deleting_at__isnull=False),
            ),
            models.CheckConstraint(
                name="integration_schedule_instants",
                condition=Q(every=Every.OFF, next_run_at__isnull=True)
                | (~Q(every=Every.OFF) & Q(next_run_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="integration_credential_instants",
                condition=Q(credential="", credential_set_at__isnull=True)
                | (~Q(credential="") & Q(credential_set_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "name", "id"], name="integration_by_name"),
            models.Index(
                fields=["next_run_at"],
                condition=Q(next_run_at__isnull=False),
                name="integration_due",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def is_deleting(self) -> bool:
        return self.deleting_at is not None

    @property
    def is_read(self) -> bool:
        """Whether Gatehouse goes and reads it, on a schedule or by hand."""
        return self.kind in READ

    @property
    def is_pushed(self) -> bool:
        return self.kind in PUSHED

    @property
    def has_credential(self) -> bool:
        return bool(self.credential)

    @property
    def schedule(self) -> Schedule:
        return Schedule(self.every, self.run_time, self.weekday)

    @property
    def due_at(self) -> datetime | None:
        """When it is read next; nothing is while it is paused or goes."""
        return None if self.is_paused or self.is_deleting else self.next_run_at

    @property
    def tone(self) -> str:
        if self.is_paused and not self.is_deleting:
            return "warn"
        tones = {S.NEW: "neutral", S.READY: "ok", S.FAILING: "danger", S.DELETING: "warn"}
        return tones[S(self.status)]

    @property
    def state_label(self) -> str:
        if self.is_paused and not self.is_deleting:
            return str(_("Paused"))
        return str(S(self.status).label)

    def synced(self, *, at: datetime, resources: int, fields: int) -> None:
        self.status = S.READY
        self.last_sync_at = at
        self.last_error_code = self.last_error_hint = ""
        self.resource_count, self.field_count = resources, fields

    def failed(self, *, at: datetime, code: str, hint: str) -> None:
        self.status = S.FAILING
        self.last_error_at = at
        self.last_error_code, self.last_error_hint = code, hint

    def set_schedule(self, schedule: Schedule, *, at: datetime) -> None:
        self.every, self.run_time, self.weekday = schedule
        self.next_run_at = schedule.next_after(at)

    def warn(self, warnings: Sequence[dict[str, Any]]) -> bool:
        """Keep what a run warns of. True when that differs from what was known."""
        before, self.warnings = self.warnings, list(warnings)
        return bool(before != self.warnings)

    def start_deleting(self, *, at: datetime) -> None:
        """From here on nothing is read into it any more, until its rows are gone."""
        self.status = S.DELETING
        self.deleting_at = self.deleting_at or at

    def audit_target(self) -> Target:
        return Target(kind="integration", id=self.pk, label=self.name)
