"""SSO connections, proven domains, used assertions and the record of sign-in attempts."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from portal.sso.refusals import Reason
from portal.sso.rules import ConnectionState
from portal.sso.saml.certificates import Certificate, read_certificate
from tenants.inventory import DataClass
from tenants.models import Membership
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class ConnectionQuerySet(TenantQuerySet["Connection"]):
    def in_use(self) -> "ConnectionQuerySet":
        return self.filter(state=ConnectionState.ACTIVE)


class Connection(TenantModel):
    """An identity provider of one organization; it signs people into that one only."""

    data_class = DataClass.SIGN_IN

    class Kind(models.TextChoices):
        SAML = "saml", "SAML 2.0"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.SAML)
    name = models.CharField(_("name"), max_length=80)
    # Names the connection in every identity; never derived from what a customer types.
    provider_id = models.CharField(max_length=60, unique=True, editable=False)
    state = models.CharField(
        max_length=10, choices=ConnectionState.choices, default=ConnectionState.DRAFT
    )
    idp_entity_id = models.CharField(_("entity ID"), max_length=500, blank=True)
    idp_sso_url = models.URLField(_("sign-in address"), max_length=500, blank=True)
    certificate = models.TextField(_("certificate"), blank=True)
    next_certificate = models.TextField(_("second certificate"), blank=True)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = TenantManager.from_queryset(ConnectionQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "name"], name="connection_name_once"),
            models.CheckConstraint(
                name="connection_state_instants",
                condition=Q(state="draft", activated_at__isnull=True)
                | Q(state="active", activated_at__isnull=False, disabled_at__isnull=True)
                | Q(state="disabled", disabled_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def certificates(self) -> list[Certificate]:
        """Both slots, those that are filled."""
        return [read_certificate(pem) for pem in self.pems()]

    def pems(self) -> tuple[str, ...]:
        return tuple(pem for pem in (self.certificate, self.next_certificate) if pem)

    def activate(self, *, at: datetime) -> None:
        self.state = ConnectionState.ACTIVE
        self.activated_at = at
        self.disabled_at = None

    def disable(self, *, at: datetime) -> None:
        self.state = ConnectionState.DISABLED
        self.disabled_at = at

    def audit_target(self) -> Target:
        return Target(kind="connection", id=self.pk, label=self.name)


class DomainQuerySet(TenantQuerySet["Domain"]):
    def verified(self) -> "DomainQuerySet":
        return self.filter(verified_at__isnull=False)


class Domain(TenantModel):
    """An e-mail domain that the organization claims, and whether it has proven it."""

    data_class = DataClass.SIGN_IN

    name = models.CharField(_("domain"), max_length=253)
    token = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = TenantManager.from_queryset(DomainQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "name"], name="domain_once"),
            # Two organizations may claim a domain; one can have proven it.
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(verified_at__isnull=False),
                name="domain_proven_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def dns_record(self) -> str:
        return f"gatehouse-domain-verification={self.token}"

    def audit_target(self) -> Target:
        return Target(kind="domain", id=self.pk, label=self.name)


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


class SignInAttempt(TenantModel):
    """The flight recorder: what came of a sign-in through a connection, without secrets."""

    data_class = DataClass.SIGN_IN

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()
    # Empty when the person was let in.
    reason = models.CharField(max_length=24, choices=Reason.choices, blank=True)
    reference = models.CharField(max_length=12)
    expected = models.CharField(max_length=300, blank=True)
    received = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "connection", "id"], name="attempt_by_connection"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def accepted(self) -> bool:
        return not self.reason
