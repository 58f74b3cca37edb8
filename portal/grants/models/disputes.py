"""What a customer disputes of a statement, and what was reminded of."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from audit.recorder import Target
from portal.grants.models.cases import Case
from portal.grants.models.grants import Grant
from portal.grants.models.use import AccessRecord
from portal.grants.refusals import IllegalMove
from portal.grants.rules import DISPUTE_MOVES, DisputeStatus, ReminderKind
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.permissions import Permission
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class DisputeQuerySet(TenantQuerySet["Dispute"]):
    def visible_to(self, actor: Actor) -> Self:
        """The customer and the auditor see all; of the vendor's staff whoever may answer."""
        if actor.kind == actor.kind.STAFF:
            return self.all() if actor.may(Permission.GRANT_ENDORSE) else self.none()
        return self.all() if actor.may(Permission.GRANT_VIEW) else self.none()

    def unanswered(self) -> Self:
        return self.filter(status=DisputeStatus.OPEN)


class Dispute(TenantModel):
    """One read that the customer does not accept: a record with a clock, kept as a case."""

    data_class = DataClass.SUPPORT
    names_people = {"opened_by_name": "opened_by_id"}

    record = models.ForeignKey(AccessRecord, on_delete=models.PROTECT, related_name="disputes")
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="disputes")
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="disputes")
    reason = models.TextField(max_length=2000)
    status = models.CharField(max_length=10, choices=DisputeStatus, default=DisputeStatus.OPEN)
    opened_by_id = models.UUIDField(null=True)
    opened_by_name = models.CharField(max_length=200)
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answer = models.TextField(blank=True, max_length=4000)
    answered_by_id = models.UUIDField(null=True)
    answered_by_name = models.CharField(max_length=200, blank=True)
    met_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    objects: ClassVar = TenantManager.from_queryset(DisputeQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "organization", "record", condition=Q(closed_at__isnull=True), name="disputed_once"
            ),
            models.CheckConstraint(
                name="dispute_status_instants",
                condition=Q(status="open", met_at__isnull=True, closed_at__isnull=True)
                | Q(status="answered", met_at__isnull=False, closed_at__isnull=True)
                | Q(status="closed", closed_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index("organization", "grant", "id", name="dispute_by_grant"),
            models.Index("due_at", condition=Q(status="open"), name="dispute_due"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}:{self.status}"

    @property
    def is_open(self) -> bool:
        return self.status == DisputeStatus.OPEN

    @property
    def is_answered(self) -> bool:
        return self.status == DisputeStatus.ANSWERED

    def is_late(self, at: datetime) -> bool:
        """Answered, or still unanswered, after its time."""
        return (self.met_at or self.closed_at or at) > self.due_at

    def move(self, to: DisputeStatus) -> None:
        """Take one legal step. Raises IllegalMove and changes nothing otherwise."""
        if to not in DISPUTE_MOVES[DisputeStatus(self.status)]:
            state = DisputeStatus(self.status).label
            raise IllegalMove.between(self.case.reference, str(state), str(to.label))
        self.status = to

    def audit_target(self) -> Target:
        return Target(kind="dispute", id=self.pk, reference=self.case.reference)


class Reminder(TenantModel):
    """That somebody was reminded of one thing: at most one row each, so at most once."""

    data_class = DataClass.SUPPORT

    about_id = models.UUIDField()
    kind = models.CharField(max_length=20, choices=ReminderKind)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("organization", "about_id", "kind", name="reminded_once")
        ]

    def __str__(self) -> str:
        return f"{self.about_id}:{self.kind}"
