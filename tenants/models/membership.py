"""A person in an organization, their role and their teams."""

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from tenants.inventory import DataClass
from tenants.models.viewer import Viewer
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole, Permission
from tenants.rights import known
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class RoleQuerySet(TenantQuerySet["Role"]):
    def visible_to(self, actor: Viewer) -> "RoleQuerySet":
        """All, to those who may see roles; nobody else needs to know which there are."""
        return self if actor.may(Permission.ROLE_VIEW) else self.none()


class Role(TenantModel):
    """A custom set of permissions. The built-in roles live in `tenants.permissions`."""

    data_class = DataClass.PEOPLE

    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    permissions = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = TenantManager.from_queryset(RoleQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "name"], name="role_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def held(self) -> frozenset[Permission]:
        """What it allows today: a permission that a release has retired allows nothing."""
        return known(self.permissions)

    def audit_target(self) -> Target:
        return Target(kind="role", id=self.pk, label=self.name)


class ManagedBy(models.TextChoices):
    """Who decides a role or a place in a team; what an identity provider decides, nobody edits."""

    PEOPLE = "", _("People here")
    CONNECTION = "connection", _("Single sign-on")
    DIRECTORY = "directory", _("Directory")


class MembershipQuerySet(TenantQuerySet["Membership"]):
    """Questions about people."""

    def visible_to(self, actor: Viewer) -> "MembershipQuerySet":
        """Everybody, to those who may see members; else oneself."""
        return self if actor.may(Permission.MEMBER_VIEW) else self.filter(pk__in=[actor.id])

    def matching(self, text: str) -> "MembershipQuerySet":
        """Those whose name or address holds the text; everybody for none."""
        return self.filter(Q(name__icontains=text) | Q(email__icontains=text)) if text else self

    def active(self, *, at: datetime) -> "MembershipQuerySet":
        """Those whose access stands at `at`."""
        return self.filter(
            Q(access_ends_at__isnull=True) | Q(access_ends_at__gt=at),
            Q(blocked_from__isnull=True) | Q(blocked_from__gt=at),
            status=Membership.Status.ACTIVE,
        )

    def owners(self, *, at: datetime) -> "MembershipQuerySet":
        """Active owners who can sign in."""
        return self.active(at=at).filter(role=BuiltInRole.OWNER, user__isnull=False)

    def holders(self, permission: Permission, *, at: datetime) -> "MembershipQuerySet":
        """Everybody who holds the permission by role or team: who can decide, who is told."""
        keys = [key for key, held in ROLE_PERMISSIONS.items() if permission in held]
        # Read in Python: few rows, and JSON containment is not on SQLite.
        custom = [
            role.pk for role in Role.objects.only("permissions") if permission in role.permissions
        ]
        teams = [
            team.pk for team in Team.objects.only("permissions") if permission in team.permissions
        ]
        placed = TeamMember.objects.filter(team__in=teams).values("membership_id")
        return self.active(at=at).filter(
            Q(role__in=keys, custom_role__isnull=True)
            | Q(custom_role__in=custom)
            | Q(pk__in=placed)
        )


class Membership(TenantModel):
    """A member: the organization's own copy of the person's name and address, and the role."""

    data_class = DataClass.PEOPLE
    person_paths = ("pk",)

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Access blocked")
        REVOKED = "revoked", _("Access revoked")

    class Source(models.TextChoices):
        FOUNDER = "founder", _("First owner")
        INVITATION = "invitation", _("Invitation")
        SAML = "saml", _("Single sign-on")
        GOOGLE = "google", _("Google")
        MICROSOFT = "microsoft", _("Microsoft")
        OIDC = "oidc", _("OpenID Connect")
        SCIM = "scim", _("Directory")

    # The person's account is erased with the last membership; the name on what they did stays.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail address"), max_length=254)
    country = models.CharField(_("country"), max_length=2, blank=True)
    role = models.CharField(_("role"), max_length=40, choices=BuiltInRole.choices)
    custom_role = models.ForeignKey(
        Role, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    role_managed_by = models.CharField(
        max_length=10, choices=ManagedBy.choices, default=ManagedBy.PEOPLE, blank=True
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.ACTIVE)
    source = models.CharField(max_length=12, choices=Source.choices)
    joined_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True, blank=True)
    access_ends_at = models.DateTimeField(_("access ends"), null=True, blank=True)
    # When the notice of that end went out; a changed end is noticed again.
    access_end_noticed_at = models.DateTimeField(null=True, blank=True)
    # When a request that was filed ahead blocks the access; nobody edits it but that request.
    blocked_from = models.DateTimeField(null=True, blank=True)
    contained_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = TenantManager.from_queryset(MembershipQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "user"],
                condition=Q(user__isnull=False),
                name="membership_once",
            ),
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=~Q(status="revoked"),
                name="membership_email_once",
            ),
            models.CheckConstraint(
                name="membership_status_instants",
                condition=Q(status="active", contained_at__isnull=True, revoked_at__isnull=True)
                | Q(status="suspended", contained_at__isnull=False, revoked_at__isnull=True)
                | Q(status="revoked", contained_at__isnull=False, revoked_at__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "name", "id"], name="membership_by_name"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def role_label(self) -> str:
        return self.custom_role.name if self.custom_role else str(BuiltInRole(self.role).label)

    @property
    def role_name(self) -> str:
        """The role as `tenants.actions.guards.named_role` knows it."""
        return f"custom:{self.custom_role_id}" if self.custom_role_id else self.role

    @property
    def initials(self) -> str:
        words = (self.name or self.email).split()
        return "".join(word[0] for word in words[:2]).upper()

    @property
    def ends_at(self) -> datetime | None:
        """When access ends by itself: the day that was set, or a request filed ahead."""
        ends = [end for end in (self.access_ends_at, self.blocked_from) if end is not None]
        return min(ends, default=None)

    def is_active(self, *, at: datetime) -> bool:
        ends = self.ends_at
        return self.status == self.Status.ACTIVE and (ends is None or ends > at)

    def role_permissions(self) -> frozenset[Permission]:
        if self.custom_role is None:
            return ROLE_PERMISSIONS[self.role]
        return self.custom_role.held()

    def contain(self, *, at: datetime) -> None:
        """Block access from `at` on, or since a planned instant gone by.

        Reversible until `revoke`.
        """
        planned = self.blocked_from
        self.status = self.Status.SUSPENDED
        if planned is not None and planned <= at:
            self.contained_at, self.blocked_from = self.contained_at or planned, None
        self.contained_at = self.contained_at or at

    def revoke(self, *, at: datetime) -> None:
        """Make the end of access final."""
        self.contain(at=at)
        self.status = self.Status.REVOKED
        self.revoked_at = at

    def reinstate(self) -> None:
        self.status = self.Status.ACTIVE
        self.contained_at = None
        self.access_ends_at = None

    def audit_target(self) -> Target:
        return Target(kind="member", id=self.pk, label=str(self), person=self.pk)


class TeamQuerySet(TenantQuerySet["Team"]):
    def visible_to(self, actor: Viewer) -> "TeamQuerySet":
        """A private team shows itself to its own members and to those who manage teams."""
        if actor.may(Permission.TEAM_MANAGE):
            return self
        shown = Q(pk__in=actor.team_ids)
        if actor.may(Permission.TEAM_VIEW):
            shown |= Q(visibility=Team.Visibility.PUBLIC)
        return self.filter(shown)


class Team(TenantModel):
    """Members grouped; a team brings permissions and access to integrations with it."""

    data_class = DataClass.PEOPLE

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Public: anybody in the workspace may join")
        PRIVATE = "private", _("Private: only its members know that it exists")

    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    visibility = models.CharField(
        _("visibility"), max_length=8, choices=Visibility.choices, default=Visibility.PUBLIC
    )
    permissions = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects: ClassVar = TenantManager.from_queryset(TeamQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "name"], name="team_name_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def audit_target(self) -> Target:
        return Target(kind="team", id=self.pk, label=self.name)


class TeamMember(TenantModel):
    """A member's place in a team."""

    data_class = DataClass.PEOPLE
    person_paths = ("membership_id",)

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="places")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="places")
    is_lead = models.BooleanField(_("leads the team"), default=False)
    managed_by = models.CharField(
        max_length=10, choices=ManagedBy.choices, default=ManagedBy.PEOPLE, blank=True
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "team", "membership"], name="team_member_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["organization", "membership"], name="team_member_by_member"),
        ]

    def __str__(self) -> str:
        return f"{self.membership_id} in {self.team_id}"


class DefaultTeam(TenantModel):
    """A team that everybody joins who comes in by single sign-on or from the directory."""

    data_class = DataClass.ORGANIZATION

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "team"], name="default_team_once"),
        ]

    def __str__(self) -> str:
        return str(self.team_id)
