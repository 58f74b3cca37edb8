"""Accounts for machines: rights of their own, a person who answers for them, and no sign-in."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from tenants.inventory import DataClass
from tenants.models.membership import Membership, Role, Team
from tenants.models.viewer import Viewer
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole, Permission
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

# Addresses and networks with commas.
LONGEST_RULE = 400


class ServiceAccountQuerySet(TenantQuerySet["ServiceAccount"]):
    def visible_to(self, actor: Viewer) -> "ServiceAccountQuerySet":
        """Those one answers for; all of them to those who manage tokens."""
        return self if actor.may(Permission.TOKEN_MANAGE) else self.filter(owner=actor.id)


class ServiceAccount(TenantModel):
    """A machine in a workspace. It may what its role allows and its owner may, never more."""

    data_class = DataClass.CREDENTIALS

    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    role = models.CharField(_("role"), max_length=40, choices=BuiltInRole.choices)
    custom_role = models.ForeignKey(
        Role, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    owner = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="service_accounts")
    address_rule = models.CharField(_("only from"), max_length=LONGEST_RULE, blank=True)
    created_at = models.DateTimeField()
    access_ends_at = models.DateTimeField(_("access ends"), null=True, blank=True)
    # When a request that was filed ahead stops it; nobody edits it but that request.
    blocked_from = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = TenantManager.from_queryset(ServiceAccountQuerySet)()

    class Meta:
        constraints: ClassVar = [
            # A deleted account keeps its name on what it did, and does not hold it.
            models.UniqueConstraint(
                fields=["organization", "name"],
                condition=Q(deleted_at__isnull=True),
                name="service_account_name_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "owner"], name="service_account_by_owner"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def role_label(self) -> str:
        return self.custom_role.name if self.custom_role else str(BuiltInRole(self.role).label)

    @property
    def role_name(self) -> str:
        """The role as `tenants.actions.guards.named_role` knows it."""
        return f"custom:{self.custom_role_id}" if self.custom_role_id else self.role

    def is_active(self, *, at: datetime) -> bool:
        ends = [end for end in (self.access_ends_at, self.blocked_from) if end is not None]
        stands = self.suspended_at is None and self.deleted_at is None
        return stands and all(end > at for end in ends)

    def contain(self, *, at: datetime) -> None:
        """Stop it from `at` on, or since a planned instant gone by."""
        planned, self.suspended_at = self.blocked_from, at
        if planned is not None and planned <= at:
            self.suspended_at, self.blocked_from = planned, None

    def role_permissions(self) -> frozenset[Permission]:
        if self.custom_role is None:
            return ROLE_PERMISSIONS[self.role]
        return self.custom_role.held()

    def audit_target(self) -> Target:
        return Target(kind="service_account", id=self.pk, label=self.name)


class ServiceAccountPlace(TenantModel):
    """A service account's place in a team, whose part of the catalogue it sees."""

    data_class = DataClass.CREDENTIALS

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="service_places")
    service_account = models.ForeignKey(
        ServiceAccount, on_delete=models.CASCADE, related_name="places"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "team", "service_account"], name="service_place_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_account_id} in {self.team_id}"
