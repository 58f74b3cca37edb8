"""The bearer token with which an identity provider calls."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class DirectoryTokenQuerySet(TenantQuerySet["DirectoryToken"]):
    def usable(self, *, at: datetime) -> "DirectoryTokenQuerySet":
        return self.filter(revoked_at__isnull=True, expires_at__gt=at)


class DirectoryToken(TenantModel):
    """It belongs to the organization, not to whoever made it: their leaving must not stop it."""

    data_class = DataClass.CREDENTIALS

    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    made_by = models.ForeignKey(
        "tenants.Membership", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = TenantManager.from_queryset(DirectoryTokenQuerySet)()

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_usable(self, *, at: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > at

    def audit_target(self) -> Target:
        return Target(kind="directory_token", id=self.pk, label=str(self))
