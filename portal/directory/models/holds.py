"""Removals that the brake keeps back until an admin decides."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from audit.recorder import Target
from portal.directory.models.people import DirectoryGroup, DirectoryUser
from portal.directory.rules import ChangeKind, HoldStatus
from tenants.inventory import DataClass
from tenants.scoping import TenantModel


class DirectoryHold(TenantModel):
    """One decision for an admin: everything that was kept back since the last one."""

    data_class = DataClass.SIGN_IN

    status = models.CharField(max_length=10, choices=HoldStatus.choices, default=HoldStatus.WAITING)
    opened_at = models.DateTimeField()
    limit = models.PositiveIntegerField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        "tenants.Membership", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization"],
                condition=Q(status="waiting"),
                name="directory_one_hold_waits",
            ),
            models.CheckConstraint(
                name="directory_hold_instants",
                condition=Q(status="waiting", decided_at__isnull=True)
                | (~Q(status="waiting") & Q(decided_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.opened_at:%Y-%m-%d %H:%M}"

    def audit_target(self) -> Target:
        return Target(kind="directory_hold", id=self.pk, label=f"{self.opened_at:%Y-%m-%d %H:%M}")


class HeldChange(TenantModel):
    """One removal that was asked for and not carried out; the row goes once it is."""

    data_class = DataClass.PEOPLE
    person_paths = ("user__membership_id",)

    hold = models.ForeignKey(DirectoryHold, on_delete=models.CASCADE, related_name="changes")
    user = models.ForeignKey(DirectoryUser, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(
        DirectoryGroup, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=ChangeKind.choices)
    asked_at = models.DateTimeField()
    call_id = models.UUIDField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["hold", "user", "group"],
                condition=Q(group__isnull=False),
                name="held_leave_once",
            ),
            models.UniqueConstraint(
                fields=["hold", "user"],
                condition=Q(group__isnull=True),
                name="held_removal_once",
            ),
            models.CheckConstraint(
                name="held_leave_names_its_group",
                condition=Q(kind="leave", group__isnull=False)
                | (~Q(kind="leave") & Q(group__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id}"
