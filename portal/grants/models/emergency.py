"""What an owner allowed for an emergency, in advance."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from audit.recorder import Target
from portal.grants.rules import ScopeItem
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class EmergencyConsentQuerySet(TenantQuerySet["EmergencyConsent"]):
    def standing(self, at: datetime) -> Self:
        return self.filter(closed_at__isnull=True, given_at__lte=at, expires_at__gt=at)


class EmergencyConsent(TenantModel):
    """An owner's yes in advance, for named reasons and things. Without one nothing opens."""

    data_class = DataClass.SUPPORT
    names_people = {"given_by_name": "given_by_id", "closed_by_name": "closed_by_id"}

    given_by_id = models.UUIDField(null=True)
    given_by_name = models.CharField(max_length=200)
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    reason_codes = models.JSONField(default=list)
    capabilities = models.JSONField(default=list)
    # Each of them: kind, object_id, integration_id, label. By id: a deleted one stays readable.
    scope = models.JSONField(default=list)
    longest = models.DurationField()
    closed_at = models.DateTimeField(null=True)
    closed_by_id = models.UUIDField(null=True)
    closed_by_name = models.CharField(max_length=200, blank=True)
    # What was allowed, signed: a row edited in SQL no longer matches and opens nothing.
    signature = models.TextField(blank=True)

    objects: ClassVar = TenantManager.from_queryset(EmergencyConsentQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "organization", condition=Q(closed_at__isnull=True), name="one_emergency_consent"
            ),
            models.CheckConstraint(
                name="emergency_consent_ends", condition=Q(expires_at__gt=F("given_at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.given_at}:{self.expires_at}"

    def stands(self, at: datetime) -> bool:
        return self.closed_at is None and self.given_at <= at < self.expires_at

    def items(self) -> tuple[ScopeItem, ...]:
        return tuple(ScopeItem.from_json(row) for row in self.scope)

    def audit_target(self) -> Target:
        return Target(kind="emergency_access", id=self.pk)
