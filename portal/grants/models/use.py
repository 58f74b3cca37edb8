"""The use of a grant: support sessions, and a record of every object that was seen."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from portal.grants import rules
from portal.grants.models.grants import Grant
from portal.grants.rules import Act
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class SupportSessionQuerySet(TenantQuerySet["SupportSession"]):
    def live(self, at: datetime) -> Self:
        return self.filter(
            closed_at__isnull=True,
            opened_at__gt=at - rules.SESSION_LONGEST,
            seen_at__gt=at - rules.SESSION_IDLE,
        )


class SupportSession(TenantModel):
    """The use of a grant: at most 8 hours, 15 minutes idle, one at a time."""

    data_class = DataClass.SUPPORT

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="sessions")
    staff_id = models.UUIDField()
    channel = models.CharField(max_length=20)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects: ClassVar = TenantManager.from_queryset(SupportSessionQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "organization",
                "staff_id",
                condition=Q(closed_at__isnull=True),
                name="one_session_per_staff",
            )
        ]

    def __str__(self) -> str:
        return f"{self.grant_id}:{self.opened_at}"

    def live(self, at: datetime) -> bool:
        if self.closed_at is not None or at - self.opened_at >= rules.SESSION_LONGEST:
            return False
        return at - self.seen_at < rules.SESSION_IDLE

    @property
    def ends_by(self) -> datetime:
        return self.opened_at + rules.SESSION_LONGEST

    @property
    def over_at(self) -> datetime:
        """When the session is over unless something more is read."""
        return min(self.ends_by, self.seen_at + rules.SESSION_IDLE)


class AccessRecord(TenantModel):
    """One object that the vendor's staff saw or touched, with the fields shown or changed."""

    data_class = DataClass.SUPPORT

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="records")
    session = models.ForeignKey(SupportSession, on_delete=models.PROTECT, related_name="records")
    at = models.DateTimeField()
    kind = models.CharField(max_length=20)
    object_id = models.UUIDField()
    label = models.CharField(max_length=300)
    fields = models.JSONField(default=list)
    masked = models.BooleanField()
    act = models.CharField(max_length=10, choices=Act, default=Act.READ)
    # Of a change alone: each setting as it was, and as it is from then on.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    route = models.CharField(max_length=100)

    class Meta:
        indexes: ClassVar = [
            models.Index("organization", "grant", F("id").desc(), name="record_by_grant")
        ]

    def __str__(self) -> str:
        return f"{self.at}:{self.object_id}"

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """Each setting that changed: its name, what it was, what it is."""
        return [(name, self.before.get(name, ""), now) for name, now in self.after.items()]
