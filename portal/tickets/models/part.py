"""One person of a request that is made of others: their own request, or why there is none."""

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q

from portal.tickets.models.ticket import Ticket
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class PartQuerySet(TenantQuerySet["Part"]):
    def pending(self) -> Self:
        """Neither filed nor refused yet."""
        return self.filter(request__isnull=True, refusal="")

    def own(self) -> Self:
        """Filed by the whole; what was there before does not go back with it."""
        return self.filter(request__isnull=False, is_joined=False)


class Part(TenantModel):
    data_class = DataClass.REQUESTS

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    # By id alone: the name stands on the membership for as long as it may be known.
    member_id = models.UUIDField()
    request = models.ForeignKey(Ticket, models.PROTECT, null=True, related_name="+")
    # Their own request was open before; it stays when the whole is taken back.
    is_joined = models.BooleanField(default=False)
    # The code of the refusal; its words could name people.
    refusal = models.CharField(max_length=64, blank=True)

    objects: ClassVar = TenantManager.from_queryset(PartQuerySet)()

    class Meta:
        constraints = [
            models.UniqueConstraint("ticket", "member_id", name="part_person_once"),
            models.CheckConstraint(
                name="part_filed_or_refused",
                condition=Q(request__isnull=True) | Q(refusal=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.position}"
