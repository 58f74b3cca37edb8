"""What a connection's claims mean here, and what claims last came for whom."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from portal.sso.models.connections import Connection
from tenants.inventory import DataClass
from tenants.models import Membership, Role, Team
from tenants.permissions import BuiltInRole
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class ClaimMapping(TenantModel):
    """A claim of one connection that decides, or adds to, people's role or teams."""

    data_class = DataClass.SIGN_IN

    class Decides(models.TextChoices):
        ROLE = "role", _("Role")
        TEAMS = "teams", _("Teams")

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="mappings")
    target = models.CharField(max_length=5, choices=Decides.choices)
    claim = models.CharField(_("claim"), max_length=200)
    is_authoritative = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "connection", "target"], name="claim_mapping_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.claim} → {self.get_target_display()}"

    def audit_target(self) -> Target:
        return Target(kind="connection", id=self.connection_id, label=self.connection.name)


class ClaimRule(TenantModel):
    """One value of the claim, and the role or the team it stands for."""

    data_class = DataClass.SIGN_IN

    mapping = models.ForeignKey(ClaimMapping, on_delete=models.CASCADE, related_name="rules")
    value = models.CharField(max_length=300)
    role = models.CharField(max_length=40, choices=BuiltInRole.choices, blank=True)
    custom_role = models.ForeignKey(
        Role, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="claim_rule_role_or_team",
                condition=Q(role="", custom_role__isnull=True, team__isnull=False)
                | Q(role="", custom_role__isnull=False, team__isnull=True)
                | (~Q(role="") & Q(custom_role__isnull=True, team__isnull=True)),
            ),
            models.CheckConstraint(name="claim_rule_no_owner", condition=~Q(role="owner")),
            models.UniqueConstraint(
                fields=["organization", "mapping", "value"],
                condition=Q(team__isnull=True),
                name="claim_rule_one_role",
            ),
            models.UniqueConstraint(
                fields=["organization", "mapping", "value", "team"], name="claim_rule_once"
            ),
        ]

    def __str__(self) -> str:
        return self.value

    @property
    def role_name(self) -> str:
        """As forms name it."""
        return f"custom:{self.custom_role_id}" if self.custom_role_id else self.role

    @property
    def role_label(self) -> str:
        return self.custom_role.name if self.custom_role else str(self.get_role_display())


class SeenClaimsQuerySet(TenantQuerySet["SeenClaims"]):
    def remember(
        self,
        connection: Connection,
        membership: Membership,
        claims: Mapping[str, Any],
        *,
        at: datetime,
    ) -> None:
        """In place of what came for them before."""
        values = {"claims": claims, "at": at}
        row = self.filter(connection=connection, membership=membership)
        if not row.update(**values):
            self.create(connection=connection, membership=membership, **values)


class SeenClaims(TenantModel):
    """The group-like claims of somebody's last sign-in: what a preview runs on.

    They name groups, not the person; everything else of a sign-in is not kept.
    """

    data_class = DataClass.SIGN_IN
    person_paths = ("membership_id",)

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    # Claim -> values; null where more came than is looked at.
    claims = models.JSONField(default=dict)
    at = models.DateTimeField()

    objects: ClassVar = TenantManager.from_queryset(SeenClaimsQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "connection", "membership"], name="seen_claims_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["at"], name="seen_claims_by_time")]

    def __str__(self) -> str:
        return f"{self.membership_id} {self.at:%Y-%m-%d %H:%M}"
