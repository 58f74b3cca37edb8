"""The flight recorder: every sign-in through a connection, and what came of it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from audit.recorder import Target
from portal.sso.models.connections import Connection
from portal.sso.refusals import Reason
from tenants.inventory import DataClass
from tenants.models import Membership
from tenants.models.viewer import Viewer
from tenants.permissions import Permission
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class AttemptQuerySet(TenantQuerySet["SignInAttempt"]):
    def visible_to(self, actor: Viewer) -> "AttemptQuerySet":
        """All of the organization's to those who see single sign-on."""
        return self if actor.may(Permission.SSO_VIEW) else self.none()


class SignInAttempt(TenantModel):
    """What came of a sign-in through a connection, without secrets and without whole addresses."""

    data_class = DataClass.SIGN_IN_LOG
    person_paths = ("membership_id",)

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    # Who was let in, or would have been; empty when nobody was recognised.
    membership = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    at = models.DateTimeField()
    is_test = models.BooleanField(default=False)
    # Nothing was proven about anybody: everybody on the internet can add such a row, also
    # to a draft, whose attempts all count as tests.
    is_stranger = models.BooleanField(default=False)
    # Empty when the person was let in.
    reason = models.CharField(max_length=24, choices=Reason.choices, blank=True)
    reference = models.CharField(max_length=12)
    expected = models.CharField(max_length=300, blank=True)
    received = models.CharField(max_length=300, blank=True)
    # Rule by rule: `portal.sso.verdicts.Check` as plain values.
    checks = models.JSONField(default=list, blank=True)
    # The claims that came, redacted by `portal.sso.verdicts.redacted`.
    claims = models.JSONField(default=dict, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    # Finds what else the audit log keeps of the same web request.
    request_id = models.CharField(max_length=64, blank=True)

    objects: ClassVar = TenantManager.from_queryset(AttemptQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "reference"], name="attempt_reference_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "connection", "id"], name="attempt_by_connection"),
            models.Index(
                fields=["organization", "connection", "id"],
                condition=Q(is_stranger=True),
                name="attempt_by_stranger",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def audit_target(self) -> Target:
        return Target(kind="attempt", id=self.pk, label=self.reference)

    @property
    def accepted(self) -> bool:
        return not self.reason
