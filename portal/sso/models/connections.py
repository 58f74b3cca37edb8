"""An SSO connection: the identity provider of one organization, and how far it is trusted."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from portal.sso.rules import CHECK_LEASE, IN_USE, ConnectionState
from portal.sso.saml.certificates import Certificate, read_certificate
from tenants.inventory import DataClass
from tenants.models.viewer import Viewer
from tenants.permissions import Permission
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class ConnectionQuerySet(TenantQuerySet["Connection"]):
    def in_use(self) -> "ConnectionQuerySet":
        """Those that sign people in: active, also while something about them needs attention."""
        return self.filter(state__in=IN_USE)

    def visible_to(self, actor: Viewer) -> "ConnectionQuerySet":
        """All of the organization's to those who see single sign-on, its own to a set-up link."""
        if not actor.may(Permission.SSO_VIEW):
            return self.none()
        return self.filter(setup_links=actor.id) if actor.kind == "setup_link" else self

    def metadata_due(self, at: datetime) -> "ConnectionQuerySet":
        """Those whose metadata is to be read again."""
        due = Q(metadata_check_after__isnull=True) | Q(metadata_check_after__lte=at)
        return self.in_use().exclude(metadata_url="").filter(due)

    def claim_metadata(self, pk: UUID, *, at: datetime) -> bool:
        """Take the due look for a while; whoever comes second, or too early, gets nothing."""
        due = self.metadata_due(at).filter(pk=pk)
        return bool(due.update(metadata_check_after=at + CHECK_LEASE))


class Connection(TenantModel):
    """An identity provider of one organization; it signs people into that one only."""

    data_class = DataClass.SIGN_IN

    class Kind(models.TextChoices):
        SAML = "saml", "SAML 2.0"
        GOOGLE = "google", "Google Workspace"
        MICROSOFT = "microsoft", "Microsoft Entra ID"
        OIDC = "oidc", "OpenID Connect"

    class Binding(models.TextChoices):
        REDIRECT = "redirect", "HTTP-Redirect"
        POST = "post", "HTTP-POST"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.SAML)
    name = models.CharField(_("name"), max_length=80)
    # Names the connection in every identity; never derived from what a customer types.
    provider_id = models.CharField(max_length=60, unique=True, editable=False)
    state = models.CharField(
        max_length=10, choices=ConnectionState.choices, default=ConnectionState.DRAFT
    )
    # SAML
    idp_entity_id = models.CharField(_("entity ID"), max_length=500, blank=True)
    idp_sso_url = models.URLField(_("sign-in address"), max_length=500, blank=True)
    idp_binding = models.CharField(max_length=8, choices=Binding.choices, default=Binding.REDIRECT)
    certificate = models.TextField(_("certificate"), blank=True)
    next_certificate = models.TextField(_("second certificate"), blank=True)
    metadata_url = models.URLField(_("metadata address"), max_length=500, blank=True)
    metadata_checked_at = models.DateTimeField(null=True, blank=True)
    metadata_error = models.CharField(max_length=300, blank=True)
    # The refresh: when to look next, since when it has failed, and what it saw last.
    metadata_check_after = models.DateTimeField(null=True, blank=True)
    metadata_failing_since = models.DateTimeField(null=True, blank=True)
    # Fingerprints the metadata has named, newest last: only these may leave a slot by themselves.
    metadata_fingerprints = models.JSONField(default=list, blank=True)
    # A sign-in address that the metadata names now: followed only on an admin's word.
    proposed_sso_url = models.URLField(max_length=500, blank=True)
    signs_requests = models.BooleanField(_("sign our requests"), default=True)
    # IdP-initiated sign-in: opted in to by the organization, for this connection alone.
    accepts_unsolicited = models.BooleanField(
        _("accept sign-ins from the IdP's portal"), default=False
    )
    # OpenID Connect: the issuer (generic), the Workspace domain (Google), the tenant (Microsoft)
    issuer = models.URLField(_("issuer"), max_length=500, blank=True)
    hosted_domain = models.CharField(_("Workspace domain"), max_length=253, blank=True)
    tenant_id = models.CharField(_("Microsoft tenant ID"), max_length=36, blank=True)
    # Empty for Google and Microsoft: then the vendor's app from the settings is used.
    client_id = models.CharField(_("client ID"), max_length=200, blank=True)
    sealed_client_secret = models.TextField(blank=True, editable=False)
    # Shown to a person who was refused: "IT desk, ext. 4711".
    help_contact = models.CharField(_("whom to ask"), max_length=120, blank=True)
    # The life of the connection
    created_at = models.DateTimeField()
    tested_at = models.DateTimeField(null=True, blank=True)
    # `configuration_digest` of the configuration that passed its test login.
    tested_digest = models.CharField(max_length=64, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    degraded_at = models.DateTimeField(null=True, blank=True)
    degraded_because = models.CharField(max_length=300, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = TenantManager.from_queryset(ConnectionQuerySet)()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["metadata_check_after"], name="connection_by_metadata"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "name"], name="connection_name_once"),
            models.CheckConstraint(
                name="connection_state_instants",
                condition=Q(state__in=["draft", "testing"], activated_at__isnull=True)
                | Q(
                    state="active",
                    activated_at__isnull=False,
                    degraded_at__isnull=True,
                    disabled_at__isnull=True,
                )
                | Q(
                    state="degraded",
                    activated_at__isnull=False,
                    degraded_at__isnull=False,
                    disabled_at__isnull=True,
                )
                | Q(state="disabled", disabled_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_saml(self) -> bool:
        return self.kind == self.Kind.SAML

    @property
    def is_in_use(self) -> bool:
        return self.state in IN_USE

    def certificates(self) -> list[Certificate]:
        """Both slots, those that are filled."""
        return [read_certificate(pem) for pem in self.pems()]

    def pems(self) -> tuple[str, ...]:
        return tuple(pem for pem in (self.certificate, self.next_certificate) if pem)

    def begin_testing(self) -> None:
        self.state = ConnectionState.TESTING
        self.activated_at = self.degraded_at = self.disabled_at = None
        self.degraded_because = ""

    def activate(self, *, at: datetime) -> None:
        self.state = ConnectionState.ACTIVE
        self.activated_at = at
        self.degraded_at = self.disabled_at = None
        self.degraded_because = ""

    def degrade(self, *, at: datetime, because: str) -> None:
        """It goes on signing people in, and the admins are told what needs attention."""
        self.state = ConnectionState.DEGRADED
        self.degraded_at = at
        self.degraded_because = because[:300]

    def recover(self) -> None:
        self.state = ConnectionState.ACTIVE
        self.degraded_at = None
        self.degraded_because = ""

    def disable(self, *, at: datetime) -> None:
        self.state = ConnectionState.DISABLED
        self.disabled_at = at

    def audit_target(self) -> Target:
        return Target(kind="connection", id=self.pk, label=self.name)
