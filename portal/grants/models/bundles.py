"""Diagnosis without access: what a customer sends along with a case, and who opened it."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q

from audit.recorder import Target
from portal.grants.models.cases import Case
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.permissions import Permission
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class BundleQuerySet(TenantQuerySet["Bundle"]):
    def visible_to(self, actor: Actor) -> Self:
        """The customer sees drafts too; the vendor's staff what was sent."""
        if not actor.may(Permission.CASE_VIEW):
            return self.none()
        return self.filter(sent_at__isnull=False) if actor.kind == actor.kind.STAFF else self.all()


class Bundle(TenantModel):
    """Facts about integrations without any value, name or text of the customer's."""

    data_class = DataClass.SUPPORT
    names_people = {"made_by_name": "made_by_id", "sent_by_name": "sent_by_id"}

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="bundles")
    made_at = models.DateTimeField()
    made_by_id = models.UUIDField(null=True)
    made_by_name = models.CharField(max_length=200)
    # A draft's lines as they are reviewed; once it is sent, the document is what counts.
    lines = models.JSONField(default=list)
    document = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True)
    sent_by_id = models.UUIDField(null=True)
    sent_by_name = models.CharField(max_length=200, blank=True)

    objects: ClassVar = TenantManager.from_queryset(BundleQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "organization", "case", condition=Q(sent_at__isnull=True), name="one_bundle_draft"
            ),
            models.CheckConstraint(
                name="bundle_sent_is_signed",
                condition=Q(sent_at__isnull=True, document="")
                | (Q(sent_at__isnull=False) & ~Q(document="")),
            ),
        ]
        indexes: ClassVar = [models.Index("organization", "case", "id", name="bundle_by_case")]

    def __str__(self) -> str:
        return f"{self.case_id}:{self.made_at}"

    @property
    def is_sent(self) -> bool:
        return self.sent_at is not None

    def audit_target(self) -> Target:
        return Target(kind="bundle", id=self.pk, reference=self.case.reference)


class BundleOpening(TenantModel):
    """That a member of the vendor's staff opened a bundle; the customer sees it."""

    data_class = DataClass.SUPPORT

    bundle = models.ForeignKey(Bundle, on_delete=models.PROTECT, related_name="openings")
    at = models.DateTimeField()
    staff_id = models.UUIDField()
    staff_name = models.CharField(max_length=200)
    route = models.CharField(max_length=100)

    class Meta:
        indexes: ClassVar[list[Any]] = [
            models.Index("organization", "bundle", "id", name="opening_by_bundle")
        ]

    def __str__(self) -> str:
        return f"{self.bundle_id}:{self.at}"
