"""A downstream system, and the one message it gets about one request."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from audit.recorder import Target
from portal.downstream.rules import (
    EVIDENCE_LENGTH,
    INSTRUCTION_LENGTH,
    NAME_LENGTH,
    Kind,
    Through,
)
from portal.tickets.models import Step
from portal.tickets.rules import Kind as RequestKind
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.models import Membership
from tenants.permissions import Permission
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class ConnectorQuerySet(TenantQuerySet["Connector"]):
    def visible_to(self, actor: Actor) -> Self:
        """Those that were not removed, for those who may see policies."""
        seen = self.filter(removed_at__isnull=True)
        return seen if actor.may(Permission.POLICY_VIEW) else seen.none()

    def in_use(self) -> Self:
        return self.filter(removed_at__isnull=True, switched_off_at__isnull=True)

    def told_of(self, kind: str) -> Self:
        """The systems that get a step in a request of this kind."""
        told = "on_revocation" if kind == RequestKind.REVOCATION else "on_deletion"
        return self.in_use().filter(**{told: True})


class Connector(TenantModel):
    """Where else access is taken away, or data deleted: by a call, or by a person."""

    data_class = DataClass.ORGANIZATION

    name = models.CharField(max_length=NAME_LENGTH)
    kind = models.CharField(max_length=16, choices=Kind)
    url = models.CharField(max_length=2048, blank=True)
    # What a person does there, and what they show for it.
    instruction = models.CharField(max_length=INSTRUCTION_LENGTH, blank=True)
    evidence_asked = models.CharField(max_length=EVIDENCE_LENGTH, blank=True)
    needs_reference = models.BooleanField(default=False)
    responsible = models.ForeignKey(Membership, models.SET_NULL, null=True, related_name="+")
    on_revocation = models.BooleanField(default=True)
    on_deletion = models.BooleanField(default=False)
    # Sealed; shown once when they are made.
    secret = models.TextField(blank=True)
    previous_secret = models.TextField(blank=True)
    previous_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    switched_off_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = TenantManager.from_queryset(ConnectorQuerySet)()

    class Meta:
        verbose_name = "downstream system"
        constraints: ClassVar = [
            models.UniqueConstraint(
                "organization",
                "name",
                name="connector_name_once",
                condition=Q(removed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="connector_called_has_address",
                condition=Q(kind=Kind.MANUAL, url="", secret="")
                | (Q(kind=Kind.CALLBACK) & ~Q(url="")),
            ),
            models.CheckConstraint(
                name="connector_previous_ends",
                condition=Q(previous_secret="", previous_until__isnull=True)
                | (~Q(previous_secret="") & Q(previous_until__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def audit_target(self) -> Target:
        return Target("downstream_system", self.pk, label=self.name)

    @property
    def is_in_use(self) -> bool:
        return self.removed_at is None and self.switched_off_at is None

    @property
    def is_called(self) -> bool:
        return self.kind == Kind.CALLBACK

    def has_previous(self, at: datetime) -> bool:
        return self.previous_until is not None and at < self.previous_until


class Callback(TenantModel):
    """The message of one step: tried until it is acknowledged or the clock has ended."""

    data_class = DataClass.REQUESTS

    # Goes with the workspace; what was told to it stays with the request.
    connector = models.ForeignKey(Connector, models.SET_NULL, null=True, related_name="+")
    step = models.OneToOneField(Step, models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    # The last answer: a status of HTTP (null: none came), and our word for it.
    answered = models.PositiveSmallIntegerField(null=True)
    because = models.CharField(max_length=40, blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    through = models.CharField(max_length=16, choices=Through, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="callback_acknowledged_somehow",
                condition=Q(acknowledged_at__isnull=True, through="")
                | (Q(acknowledged_at__isnull=False) & ~Q(through="")),
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """The same however often it is sent, so that a receiver knows what it had already."""
        return f"msg_{self.pk.hex}"
