"""Which notice about a certificate has gone out, so that none goes out twice."""

from typing import ClassVar

from django.db import models

from portal.sso.models.connections import Connection
from tenants.inventory import DataClass
from tenants.scoping import TenantModel


class CertificateNotice(TenantModel):
    """A notice of one level about one certificate of a connection, ours or the other side's."""

    data_class = DataClass.SIGN_IN

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    fingerprint = models.CharField(max_length=95)
    # Days before the certificate's end.
    level = models.PositiveSmallIntegerField()
    given_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "fingerprint", "level"], name="certificate_noticed_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fingerprint[:11]} {self.level}"
