"""A filter of the list of requests that somebody keeps under a name."""

from typing import ClassVar, Final, Self

from django.db import models

from audit.recorder import Target
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.models import Membership
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

LONGEST_NAME: Final = 60
LONGEST_QUERY: Final = 1000


class SavedFilterQuerySet(TenantQuerySet["SavedFilter"]):
    def visible_to(self, actor: Actor) -> Self:
        """One's own, and nobody else's."""
        return self.filter(owner=actor.person)


class SavedFilter(TenantModel):
    data_class = DataClass.PEOPLE
    person_paths = ("owner_id",)

    owner = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=LONGEST_NAME)
    # The end of the list's address, in the one spelling the form gives it.
    query = models.CharField(max_length=LONGEST_QUERY)
    saved_at = models.DateTimeField()

    objects: ClassVar = TenantManager.from_queryset(SavedFilterQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("organization", "owner", "name", name="filter_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def audit_target(self) -> Target:
        return Target("filter", self.pk, label=self.name)
