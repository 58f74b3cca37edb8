"""The tenant, its policy, and its number series."""

from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.identifiers import new_id
from audit.recorder import Target
from tenants.inventory import DataClass
from tenants.permissions import BuiltInRole
from tenants.scoping import TenantModel, current_organization_id

SLUG = RegexValidator(
    r"^[a-z][a-z0-9-]{1,38}[a-z0-9]$",
    _("Use 3 to 40 small letters, digits and hyphens, beginning with a letter."),
)
# Words that are, or may become, a path of the product itself.
RESERVED_SLUGS = frozenset(
    {"admin", "api", "console", "dev", "gatehouse", "healthz", "o", "static", "support", "trust"}
)

# If no admin gets in by single sign-on within this time, its enforcement ends by itself.
ENFORCEMENT_TRIAL = timedelta(minutes=30)


class OrganizationQuerySet(models.QuerySet["Organization"]):
    """Organizations are found by address; row-level security holds the rest back."""

    def current(self) -> "Organization":
        return self.get(pk=current_organization_id())

    def active(self) -> "OrganizationQuerySet":
        return self.filter(status=Organization.Status.ACTIVE)

    def locked(self, pk: UUID) -> "Organization":
        return self.select_for_update(no_key=True, of=("self",)).get(pk=pk)


class Organization(models.Model):
    """One customer, or the vendor. Its workspace lives under `/o/<slug>/`."""

    class Kind(models.TextChoices):
        CUSTOMER = "customer", _("Customer")
        VENDOR = "vendor", _("Vendor")

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        CLOSING = "closing", _("Closing")
        CLOSED = "closed", _("Closed")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.CUSTOMER)
    name = models.CharField(_("name"), max_length=120)
    slug = models.CharField(_("address"), max_length=40, unique=True, validators=[SLUG])
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    security_contact = models.EmailField(_("security contact"), max_length=254, blank=True)
    created_at = models.DateTimeField()

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            # Staff work in one organization of their own; a second one would split their rules.
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(kind="vendor"), name="one_vendor"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_vendor(self) -> bool:
        return self.kind == self.Kind.VENDOR

    def audit_target(self) -> Target:
        return Target(kind="organization", id=self.pk, label=self.name)


class Policy(TenantModel):
    """What the organization demands of a sign-in, a token, a request and a grant."""

    data_class = DataClass.ORGANIZATION

    saml_allowed = models.BooleanField(_("allow SAML"), default=True)
    google_allowed = models.BooleanField(_("allow Google"), default=True)
    microsoft_allowed = models.BooleanField(_("allow Microsoft"), default=True)
    oidc_allowed = models.BooleanField(_("allow OpenID Connect"), default=True)
    # Only single sign-on opens the workspace from then on; passwords do not.
    sso_enforced_at = models.DateTimeField(null=True, blank=True)
    # When an admin came in by single sign-on since; without, the enforcement ends by itself.
    sso_confirmed_at = models.DateTimeField(null=True, blank=True)
    mfa_required = models.BooleanField(_("second factor required"), default=True)
    just_in_time = models.BooleanField(
        _("let employees in at their first single sign-on"), default=True
    )
    default_role = models.CharField(
        _("role at first sign-in"), max_length=40, default=BuiltInRole.VIEWER
    )
    session_idle = models.DurationField(_("sign out when idle for"), default=timedelta(minutes=30))
    session_absolute = models.DurationField(
        _("sign out at the latest after"), default=timedelta(hours=12)
    )
    token_max_age = models.DurationField(_("longest token life"), default=timedelta(days=90))
    cooling_off = models.DurationField(
        _("time to change your mind before a deletion"), default=timedelta(minutes=15)
    )
    second_person_for_deletion = models.BooleanField(
        _("a second person confirms deletions"), default=False
    )
    approval_quorum = models.PositiveSmallIntegerField(
        _("approvals needed for diagnostic access"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    # Only from these may a workspace or its API be used; empty allows every address.
    address_rule = models.TextField(_("allowed addresses"), blank=True)
    # Only to these may an invitation go; empty allows every domain.
    invitation_domains = models.JSONField(
        _("invite only at these domains"), default=list, blank=True
    )
    stale_after = models.DurationField(_("an account is unused after"), default=timedelta(days=90))
    samples_enabled = models.BooleanField(_("samples of data"), default=False)
    assistant_enabled = models.BooleanField(_("assistant"), default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization"], name="policy_once"),
            models.CheckConstraint(
                name="policy_cooling_off_0_to_2_h",
                condition=models.Q(cooling_off__gte=timedelta(0))
                & models.Q(cooling_off__lte=timedelta(hours=2)),
            ),
            models.CheckConstraint(
                name="policy_enforcement_instants",
                condition=models.Q(sso_confirmed_at__isnull=True)
                | models.Q(sso_enforced_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"Policy {self.organization_id}"

    def enforces_sso(self, *, at: datetime) -> bool:
        """Decided by the clock, so that a dead worker cannot keep everybody out."""
        enforced_at = self.sso_enforced_at
        if enforced_at is None:
            return False
        return self.sso_confirmed_at is not None or at < enforced_at + ENFORCEMENT_TRIAL

    def allows(self, method: str) -> bool:
        """Whether single sign-on of this kind may open the workspace."""
        return bool(getattr(self, f"{method}_allowed", False))

    def audit_target(self) -> Target:
        return Target(kind="policy", id=self.pk, label="policy")


class NumberSeries(TenantModel):
    """The last number given to a request, case or grant of one organization."""

    data_class = DataClass.OPERATION

    series = models.CharField(max_length=8)
    last = models.PositiveIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization", "series"], name="series_once"),
        ]

    def __str__(self) -> str:
        return f"{self.series}-{self.last}"
