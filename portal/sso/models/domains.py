"""E-mail domains that an organization claims, and whether it has proven them."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from portal.sso.rules import (
    CHECK_AGAIN,
    CHECK_EVERY,
    CHECK_LEASE,
    MISSING_FOR,
    DomainStanding,
)
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class DomainQuerySet(TenantQuerySet["Domain"]):
    def verified(self) -> "DomainQuerySet":
        return self.filter(verified_at__isnull=False)

    def held(self) -> "DomainQuerySet":
        """Proven now, or once: whoever has signed in from there before is still recognised."""
        return self.filter(Q(verified_at__isnull=False) | Q(lost_at__isnull=False))

    def to_check(self, at: datetime) -> "DomainQuerySet":
        return self.verified().filter(Q(check_after__isnull=True) | Q(check_after__lte=at))

    def claim_check(self, pk: UUID, *, at: datetime) -> bool:
        """Take the due check for a while; whoever comes second, or too early, gets nothing."""
        due = self.to_check(at).filter(pk=pk)
        return bool(due.update(check_after=at + CHECK_LEASE))


class Domain(TenantModel):
    """An e-mail domain that the organization claims, and whether it has proven it."""

    data_class = DataClass.SIGN_IN

    name = models.CharField(_("domain"), max_length=253)
    token = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    # The daily re-check: when the DNS last answered, why it did not since, and when to look next.
    checked_at = models.DateTimeField(null=True, blank=True)
    check_error = models.CharField(max_length=200, blank=True)
    check_after = models.DateTimeField(null=True, blank=True)
    # Since when the record has been missing, and since when the domain no longer counts for it.
    missing_since = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)

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
            models.CheckConstraint(
                name="domain_proven_or_lost",
                condition=Q(verified_at__isnull=True) | Q(lost_at__isnull=True),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["check_after"], name="domain_by_check")]

    def __str__(self) -> str:
        return self.name

    @property
    def standing(self) -> DomainStanding:
        if self.verified_at is not None:
            return DomainStanding.MISSING if self.missing_since else DomainStanding.PROVEN
        return DomainStanding.LOST if self.lost_at else DomainStanding.CLAIMED

    @property
    def counts_until(self) -> datetime | None:
        """When a domain whose record is missing stops counting."""
        return self.missing_since + MISSING_FOR if self.missing_since else None

    def prove(self, *, at: datetime) -> None:
        self.verified_at = self.checked_at = at
        self.check_after = at + CHECK_EVERY
        self.check_error = ""
        self.missing_since = self.lost_at = None

    def find(self, *, at: datetime) -> None:
        """The record is where it was."""
        self.checked_at, self.check_after = at, at + CHECK_EVERY
        self.check_error, self.missing_since = "", None

    def miss(self, *, at: datetime) -> None:
        """The DNS answers, without the record."""
        self.checked_at, self.check_after, self.check_error = at, at + CHECK_AGAIN, ""
        self.missing_since = self.missing_since or at
        if at >= self.missing_since + MISSING_FOR:
            self.verified_at, self.check_after, self.lost_at = None, None, at

    def fail_check(self, *, at: datetime, because: str) -> None:
        """The DNS gave no answer, which says nothing about the record."""
        self.check_error, self.check_after = because[:200], at + CHECK_AGAIN

    @property
    def dns_record(self) -> str:
        return f"gatehouse-domain-verification={self.token}"

    def audit_target(self) -> Target:
        return Target(kind="domain", id=self.pk, label=self.name)
