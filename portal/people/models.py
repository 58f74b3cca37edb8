"""A list of people that waits for its uploader's yes."""

from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from django.db import models

from audit.sealing import seal, unseal
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.models import Membership
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

KEPT: Final = timedelta(hours=1)
_PURPOSE: Final = "invitation-list"


class InvitationListQuerySet(TenantQuerySet["InvitationList"]):
    def visible_to(self, actor: Actor) -> Self:
        """One's own, and nobody else's."""
        return self.filter(made_by=actor.id)


class InvitationList(TenantModel):
    """An upload as it came, sealed, for an hour: looked at first, then confirmed."""

    data_class = DataClass.PEOPLE
    person_paths = ("made_by_id",)

    made_by = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    sealed = models.TextField()
    expires_at = models.DateTimeField()

    objects: ClassVar = TenantManager.from_queryset(InvitationListQuerySet)()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], name="invitation_list_by_expiry"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @classmethod
    def keep(cls, raw: bytes, *, actor: Actor, at: datetime) -> "InvitationList":
        """Store the upload; a second one of the same person takes the place of the first."""
        cls.objects.visible_to(actor).delete()
        kept = cls(made_by=actor.membership, expires_at=at + KEPT)
        kept.organization_id = actor.organization_id
        kept.sealed = seal(
            raw.decode("latin-1"),
            organization_id=actor.organization_id,
            purpose=_PURPOSE,
            subject=str(actor.id),
            context=str(kept.pk),
        )
        kept.save(force_insert=True)
        return kept

    def raw(self) -> bytes:
        """The upload, byte for byte."""
        text = unseal(self.sealed, organization_id=self.organization_id, context=str(self.pk))
        return text.encode("latin-1")
