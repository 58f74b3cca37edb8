"""Support cases and what the customer attached to them."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from audit.recorder import Target
from portal.grants.rules import CaseStatus, ScopeItem, ScopeKind
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.permissions import Permission
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class CaseQuerySet(TenantQuerySet["Case"]):
    def visible_to(self, actor: Actor) -> Self:
        return self.all() if actor.may(Permission.CASE_VIEW) else self.none()

    def open(self) -> Self:
        return self.filter(status=CaseStatus.OPEN)


class Case(TenantModel):
    """A support case. The integrations attached to it are the widest scope anyone may ask for."""

    data_class = DataClass.SUPPORT
    names_people = {"opened_by_name": "opened_by_id"}

    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True, max_length=4000)
    external_reference = models.CharField(max_length=100, blank=True)
    link = models.URLField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=CaseStatus, default=CaseStatus.OPEN)
    opened_by_kind = models.CharField(max_length=20)
    opened_by_id = models.UUIDField(null=True)
    opened_by_name = models.CharField(max_length=200)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects: ClassVar = TenantManager.from_queryset(CaseQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("organization", "number", name="case_number_once"),
            models.CheckConstraint(
                condition=Q(status=CaseStatus.OPEN, closed_at__isnull=True)
                | Q(status=CaseStatus.CLOSED, closed_at__isnull=False),
                name="case_closed_has_instant",
            ),
        ]
        indexes: ClassVar = [models.Index("organization", "status", "id", name="case_by_status")]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"CASE-{self.number}"

    @property
    def is_open(self) -> bool:
        return self.status == CaseStatus.OPEN

    @property
    def has_diagnosis(self) -> bool:
        """Whether the customer sent a diagnosis bundle with it."""
        return bool(self.bundles.filter(sent_at__isnull=False).exists())

    def audit_target(self) -> Target:
        return Target(kind="case", id=self.pk, reference=self.reference)

    def close(self, at: datetime) -> None:
        self.status = CaseStatus.CLOSED
        self.closed_at = at


class CaseIntegration(TenantModel):
    """One integration the customer attached. By id and label: a deleted one stays readable."""

    data_class = DataClass.SUPPORT

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="integrations")
    integration_id = models.UUIDField()
    label = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("organization", "case", "integration_id", name="attached_once")
        ]

    def __str__(self) -> str:
        return f"{self.case_id}:{self.integration_id}"

    def as_scope(self) -> ScopeItem:
        return ScopeItem(
            ScopeKind.INTEGRATION, self.integration_id, self.integration_id, self.label
        )
