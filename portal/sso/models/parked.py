"""Verified sign-ins on their way from the identity provider's POST to the browser's own request."""

from typing import ClassVar

from django.db import models

from portal.sso.models.connections import Connection
from tenants.inventory import DataClass
from tenants.scoping import TenantModel


class ParkedSignIn(TenantModel):
    """What a valid response proved, for the one browser that holds the key; gone once taken."""

    data_class = DataClass.SIGN_IN

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    key_digest = models.CharField(max_length=64)
    sealed = models.TextField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key_digest"], name="parked_key_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["expires_at"], name="parked_by_expiry")]

    def __str__(self) -> str:
        return f"{self.key_digest[:12]}…"
