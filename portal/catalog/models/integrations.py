"""Data sources a customer has connected."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from portal.catalog.models.reach import Reach
from portal.catalog.rules import IntegrationKind, IntegrationStatus
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

S = IntegrationStatus


class IntegrationQuerySet(TenantQuerySet["Integration"]):
    def visible_to(self, actor: Actor) -> Self:
        """Everything for those who manage or watch over it; else what one's teams were given."""
        reach = Reach.of(actor)
        if reach.every_integration:
            return self
        return self.filter(
            Q(pk__in=reach.integrations()) | Q(pk__in=reach.integrations_of_singles())
        )


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
        ]
        indexes = [models.Index(fields=["organization", "name", "id"], name="integration_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None

    @property
    def is_deleting(self) -> bool:
        return self.deleting_at is not None

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

    def start_deleting(self, *, at: datetime) -> None:
        """From here on nothing is read into it any more, until its rows are gone."""
        self.status = S.DELETING
        self.deleting_at = self.deleting_at or at

    def audit_target(self) -> Target:
        return Target(kind="integration", id=self.pk, label=self.name)
