"""E-mail domains that an organization claims, and whether it has proven them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class DomainQuerySet(TenantQuerySet["Domain"]):
    def verified(self) -> "DomainQuerySet":
        return self.filter(verified_at__isnull=False)


class Domain(TenantModel):
    """An e-mail domain that the organization claims, and whether it has proven it."""

    data_class = DataClass.SIGN_IN

    name = models.CharField(_("domain"), max_length=253)
    token = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    # The daily re-check: when it last looked, and since when the record has been missing.
    checked_at = models.DateTimeField(null=True, blank=True)
    missing_since = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = TenantManager.from_queryset(DomainQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "name"], name="domain_once"),
            # Two organizations may claim a domain; one can have proven it.
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(verified_at__isnull=False),
                name="domain_proven_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def dns_record(self) -> str:
        return f"gatehouse-domain-verification={self.token}"

    def audit_target(self) -> Target:
        return Target(kind="domain", id=self.pk, label=self.name)
