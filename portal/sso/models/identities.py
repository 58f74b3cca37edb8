"""What must not sign anybody in again: used assertions, and identities that were cut off."""

from typing import ClassVar

from django.db import models

from portal.sso.models.connections import Connection
from tenants.inventory import DataClass
from tenants.models import Membership
from tenants.scoping import TenantModel


class UsedAssertion(TenantModel):
    """An assertion that has signed somebody in; it will not do so again."""

    data_class = DataClass.SIGN_IN

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    assertion_id = models.CharField(max_length=256)
    expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "assertion_id"], name="assertion_used_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="assertion_by_expiry")]

    def __str__(self) -> str:
        return self.assertion_id


class ClosedIdentity(TenantModel):
    """A subject of a connection whose access was taken away: a sign-in must not bring it back."""

    data_class = DataClass.SIGN_IN
    person_paths = ("membership_id",)

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    subject_digest = models.CharField(max_length=64)
    closed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "subject_digest"], name="identity_closed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_digest[:12]}…"
