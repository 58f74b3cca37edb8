"""The signed certificate of a deletion."""

import json
from typing import Any

from django.db import models

from audit.recorder import Target
from portal.tickets.models import Ticket
from tenants.inventory import DataClass
from tenants.scoping import TenantModel


class Certificate(TenantModel):
    """What was erased, counted before and after, as signed text that is never changed."""

    data_class = DataClass.REQUESTS
    append_only = True

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+")
    version = models.PositiveSmallIntegerField(default=1)
    document = models.TextField()
    signed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("ticket", "version", name="certificate_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} v{self.version}"

    @property
    def content(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.document)
        return read

    def audit_target(self) -> Target:
        return Target("certificate", self.pk, reference=self.ticket.number)
