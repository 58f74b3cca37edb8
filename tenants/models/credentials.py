"""What lets a person or a machine into a workspace: entries, tokens, invitations."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from tenants.inventory import DataClass
from tenants.models.membership import Membership, Role, Team
from tenants.models.service_accounts import LONGEST_RULE, ServiceAccount
from tenants.models.viewer import Viewer
from tenants.permissions import BuiltInRole, Permission
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

# A machine that decides about access or deletion is looked at again each month.
DECIDES_LONGEST = timedelta(days=30)


class EntryQuerySet(TenantQuerySet["Entry"]):
    def visible_to(self, actor: Viewer) -> "EntryQuerySet":
        """One's own; everybody's to those who manage people."""
        return self if actor.may(Permission.MEMBER_MANAGE) else self.filter(membership=actor.id)

    def open(self) -> "EntryQuerySet":
        return self.filter(ended_at__isnull=True)


class Entry(TenantModel):
    """One browser session let into one workspace; no actor is built without one."""

    data_class = DataClass.SIGN_IN
    person_paths = ("membership_id",)

    class Method(models.TextChoices):
        PASSWORD = "password", _("Password")
        PASSKEY = "passkey", _("Passkey")
        SAML = "saml", _("SAML single sign-on")
        GOOGLE = "google", _("Google")
        MICROSOFT = "microsoft", _("Microsoft")
        OIDC = "oidc", _("OpenID Connect")
        BREAK_GLASS = "break_glass", _("Break-glass code")

    session_key = models.CharField(max_length=40)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="entries")
    method = models.CharField(max_length=12, choices=Method.choices)
    connection_id = models.UUIDField(null=True, blank=True)
    has_second_factor = models.BooleanField(default=False)
    authenticated_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    step_up_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=40, blank=True)
    address = models.GenericIPAddressField(null=True, blank=True)
    device = models.CharField(max_length=200, blank=True)

    objects: ClassVar = TenantManager.from_queryset(EntryQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "session_key"],
                condition=Q(ended_at__isnull=True),
                name="one_open_entry_a_session",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "membership"], name="entry_by_member"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.authenticated_at:%Y-%m-%d %H:%M}"

    @property
    def is_local(self) -> bool:
        """Proven here, by password or passkey, and not by another house's word."""
        return self.method in (self.Method.PASSWORD, self.Method.PASSKEY)

    def audit_target(self) -> Target:
        return Target(kind="entry", id=self.pk, label=str(self.get_method_display()))


class ApiTokenQuerySet(TenantQuerySet["ApiToken"]):
    def visible_to(self, actor: Viewer) -> "ApiTokenQuerySet":
        """One's own; everybody's to those who manage tokens."""
        if actor.may(Permission.TOKEN_MANAGE):
            return self
        return self.filter(Q(owner=actor.id) | Q(service_account=actor.id))

    def usable(self, *, at: datetime) -> "ApiTokenQuerySet":
        return self.filter(revoked_at__isnull=True, expires_at__gt=at)


class ApiToken(TenantModel):
    """A bearer token: prefix to find it, digest to compare it, one organization, an end."""

    data_class = DataClass.CREDENTIALS
    person_paths = ("owner_id",)

    class Kind(models.TextChoices):
        PERSONAL = "personal", _("Personal")
        SERVICE = "service", _("Service")
        AGENT = "agent", _("Agent")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    owner = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="tokens")
    scopes = models.JSONField(default=list)
    # A service account's: its rights then are those of the account, within those of its owner.
    service_account = models.ForeignKey(
        ServiceAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="tokens"
    )
    address_rule = models.CharField(_("only from"), max_length=LONGEST_RULE, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)
    # Rotation: the successor is out, and this one works until the overlap ends.
    rotated_at = models.DateTimeField(null=True, blank=True)
    successor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = TenantManager.from_queryset(ApiTokenQuerySet)()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organization", "owner"], name="token_by_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def may_decide(self) -> bool:
        """Whether it was made as one that decides: a service token, bound, and short."""
        is_short = self.expires_at - self.created_at <= DECIDES_LONGEST
        is_service = self.kind == self.Kind.SERVICE and self.service_account_id is not None
        return is_service and bool(self.address_rule) and is_short

    def is_usable(self, *, at: datetime) -> bool:
        return self.revoked_at is None and self.expires_at > at

    @property
    def answering(self) -> Membership:
        """The person whose rights bound the token's: a service account may change hands."""
        return self.service_account.owner if self.service_account else self.owner

    def holder_stands(self, *, at: datetime) -> bool:
        """Whether the person behind it is let in, and the service account too."""
        account = self.service_account
        is_let_in = account is None or account.is_active(at=at)
        return is_let_in and self.answering.is_active(at=at)

    def audit_target(self) -> Target:
        return Target(kind="token", id=self.pk, label=str(self))


class InvitationQuerySet(TenantQuerySet["Invitation"]):
    def visible_to(self, actor: Viewer) -> "InvitationQuerySet":
        """All, to those who invite; nobody else sees who is about to come."""
        return self if actor.may(Permission.MEMBER_INVITE) else self.none()

    def open(self, *, at: datetime) -> "InvitationQuerySet":
        return self.filter(accepted_at__isnull=True, cancelled_at__isnull=True, expires_at__gt=at)


class Invitation(TenantModel):
    """A place kept for one address for 7 days. The link is rebuilt from (id, version)."""

    data_class = DataClass.PEOPLE
    person_paths = ("@email",)

    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=120, blank=True)
    role = models.CharField(_("role"), max_length=40, choices=BuiltInRole.choices)
    custom_role = models.ForeignKey(
        Role, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    access_ends_at = models.DateTimeField(_("access ends"), null=True, blank=True)
    teams: "models.ManyToManyField[Team, InvitationTeam]" = models.ManyToManyField(
        Team, blank=True, through="InvitationTeam"
    )
    invited_by = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_founding = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = TenantManager.from_queryset(InvitationQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(accepted_at__isnull=True, cancelled_at__isnull=True),
                name="one_open_invitation_an_address",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def role_label(self) -> str:
        return self.custom_role.name if self.custom_role else str(BuiltInRole(self.role).label)

    @property
    def role_name(self) -> str:
        """The role as `tenants.actions.guards.named_role` knows it."""
        return f"custom:{self.custom_role_id}" if self.custom_role_id else self.role

    def is_open(self, *, at: datetime) -> bool:
        return self.accepted_at is None and self.cancelled_at is None and self.expires_at > at

    def audit_target(self) -> Target:
        return Target(kind="invitation", id=self.pk, label=self.email, person=self.pk)


class InvitationTeam(TenantModel):
    """A team that the invited person joins on acceptance."""

    data_class = DataClass.PEOPLE
    person_paths = ("invitation__@email",)

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "invitation", "team"], name="invitation_team_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invitation_id} to {self.team_id}"
