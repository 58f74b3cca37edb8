"""Our own key pairs of a SAML connection: what we sign requests and open assertions with."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.identifiers import new_id
from audit.recorder import Target
from audit.sealing import seal, unseal
from portal.sso.models.connections import Connection
from portal.sso.saml.certificates import Certificate, read_certificate
from portal.sso.saml.own_keys import make_key_pair
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

PURPOSE = "connection-key"


class KeyState(models.TextChoices):
    NEXT = "next", _("next certificate")
    CURRENT = "current", _("certificate in use")
    FORMER = "former", _("former certificate")
    RETIRED = "retired", _("retired certificate")


class ConnectionKeyQuerySet(TenantQuerySet["ConnectionKey"]):
    def next(self) -> "ConnectionKeyQuerySet":
        return self.filter(promoted_at__isnull=True, retired_at__isnull=True)

    def current(self) -> "ConnectionKeyQuerySet":
        return self.filter(
            promoted_at__isnull=False, replaced_at__isnull=True, retired_at__isnull=True
        )

    def published(self) -> "ConnectionKeyQuerySet":
        """What the metadata names: the key in use first, then the next one."""
        return self.filter(replaced_at__isnull=True, retired_at__isnull=True).order_by(
            F("promoted_at").asc(nulls_last=True)
        )

    def kept(self) -> "ConnectionKeyQuerySet":
        """All that still open assertions, the likeliest first."""
        return self.filter(retired_at__isnull=True).order_by(F("promoted_at").desc(nulls_last=True))


class ConnectionKey(TenantModel):
    """A key pair of our own for one connection; its state follows from its instants."""

    data_class = DataClass.SIGN_IN

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="keys")
    certificate = models.TextField()
    sealed_private_key = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField()
    promoted_at = models.DateTimeField(null=True, blank=True)
    replaced_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = TenantManager.from_queryset(ConnectionKeyQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(
                    promoted_at__isnull=False, replaced_at__isnull=True, retired_at__isnull=True
                ),
                name="key_one_current",
            ),
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(promoted_at__isnull=True, retired_at__isnull=True),
                name="key_one_next",
            ),
            models.CheckConstraint(
                name="key_replaced_was_promoted",
                condition=Q(replaced_at__isnull=True) | Q(promoted_at__isnull=False),
            ),
            # The secret is there exactly as long as the key may be used.
            models.CheckConstraint(
                name="key_retired_has_no_secret",
                condition=(Q(retired_at__isnull=True) & ~Q(sealed_private_key=""))
                | Q(retired_at__isnull=False, sealed_private_key=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.connection_id} {self.state}"

    @classmethod
    def made(cls, connection: Connection, *, at: datetime) -> "ConnectionKey":
        """A new pair, not saved yet; its secret is sealed."""
        key_id = new_id()
        pair = make_key_pair(connection.pk, at=at)
        sealed = seal(
            pair.private_key,
            organization_id=connection.organization_id,
            purpose=PURPOSE,
            subject=str(connection.pk),
            context=_context(key_id),
        )
        return cls(
            id=key_id,
            organization_id=connection.organization_id,
            connection=connection,
            certificate=pair.certificate,
            sealed_private_key=sealed,
            created_at=at,
        )

    @property
    def state(self) -> KeyState:
        if self.retired_at is not None:
            return KeyState.RETIRED
        if self.promoted_at is None:
            return KeyState.NEXT
        return KeyState.CURRENT if self.replaced_at is None else KeyState.FORMER

    def describe(self) -> Certificate:
        """The certificate as the connection page shows it."""
        return read_certificate(self.certificate)

    def private_key(self) -> str:
        """The secret in the clear, for as long as one call needs it."""
        return unseal(
            self.sealed_private_key,
            organization_id=self.organization_id,
            context=_context(self.pk),
        )

    def promote(self, *, at: datetime) -> None:
        self.promoted_at = at

    def replace(self, *, at: datetime) -> None:
        self.replaced_at = at

    def retire(self, *, at: datetime) -> None:
        """The secret goes with it: nothing encrypted for this key opens any more."""
        self.retired_at = at
        self.sealed_private_key = ""

    def audit_target(self) -> Target:
        return Target(kind="connection", id=self.connection_id, label=self.connection.name)


def _context(key_id: UUID) -> str:
    return f"connection-key:{key_id}"
