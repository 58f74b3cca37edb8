"""Set-up links: one purpose, one browser, one day, for somebody without an account."""

import secrets
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from portal.sso.models.connections import Connection
from tenants.inventory import DataClass
from tenants.models import Membership
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class SetupState(models.TextChoices):
    WAITING = "waiting", _("Not opened yet")
    OPENED = "opened", _("In use")
    FINISHED = "finished", _("Finished")
    EXPIRED = "expired", _("Expired")
    REVOKED = "revoked", _("Revoked")


class SetupLinkQuerySet(TenantQuerySet["SetupLink"]):
    def open(self, *, at: datetime) -> "SetupLinkQuerySet":
        return self.filter(revoked_at__isnull=True, finished_at__isnull=True, expires_at__gt=at)


class SetupLink(TenantModel):
    """Lets whoever opens it first set up one SSO connection, and nothing else."""

    data_class = DataClass.SIGN_IN
    person_paths = ("@email",)

    # The one connection it is for; empty until its holder has begun one.
    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.SET_NULL, related_name="setup_links"
    )
    created_by = models.ForeignKey(
        Membership, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    # Where it was mailed to; empty when it was only copied.
    email = models.EmailField(max_length=254, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    opened_at = models.DateTimeField(null=True, blank=True)
    # SHA-256 of what the browser that opened it holds in a cookie.
    holder_digest = models.CharField(max_length=64, blank=True, editable=False)
    device = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = TenantManager.from_queryset(SetupLinkQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="setup_link_opened_has_holder",
                condition=Q(opened_at__isnull=True, holder_digest="")
                | (Q(opened_at__isnull=False) & ~Q(holder_digest="")),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "created_at"], name="setup_link_by_age"),
        ]

    def __str__(self) -> str:
        return self.email or f"{self.created_at:%Y-%m-%d %H:%M}"

    def state(self, *, at: datetime) -> SetupState:
        if self.revoked_at is not None:
            return SetupState.REVOKED
        if self.finished_at is not None:
            return SetupState.FINISHED
        if self.expires_at <= at:
            return SetupState.EXPIRED
        return SetupState.WAITING if self.opened_at is None else SetupState.OPENED

    def is_open(self, *, at: datetime) -> bool:
        return self.state(at=at) in (SetupState.WAITING, SetupState.OPENED)

    def is_held_by(self, digest: str) -> bool:
        """Whether this is the browser that opened it."""
        return bool(self.holder_digest) and secrets.compare_digest(self.holder_digest, digest)

    def audit_target(self) -> Target:
        return Target(kind="setup_link", id=self.pk, label=self.email, person=self.pk)
