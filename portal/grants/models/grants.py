"""Grants of diagnostic access: what was asked, what was approved, and who decided."""

from datetime import datetime, timedelta
from typing import Any, ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Q
from django.db.models.sql.compiler import SQLCompiler

from audit.recorder import Target
from portal.grants import rules
from portal.grants.countries import country_name
from portal.grants.holding import hold_alone
from portal.grants.models.cases import Case
from portal.grants.refusals import IllegalMove
from portal.grants.rules import GrantStatus, ReasonCode, ScopeItem, ScopeKind, Verdict
from tenants.access import Actor, ActorKind
from tenants.inventory import DataClass
from tenants.permissions import Permission
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class LatestEnd(models.Func):
    """21 days after an instant, to the microsecond, in plain SQL on both engines."""

    output_field = models.DateTimeField()
    arity = 1
    template = "(%(expressions)s + interval '1814400 seconds')"

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, list[Any]]:
        # Whole seconds go through datetime(), the fraction is kept as it is written.
        whole, params = self.as_sql(
            compiler,
            connection,
            template="datetime(substr(%(expressions)s, 1, 19), '+21 days')",
            **context,
        )
        fraction, _same = self.as_sql(
            compiler, connection, template="substr(%(expressions)s, 20)", **context
        )
        return f"({whole} || {fraction})", [*params, *params]


class GrantQuerySet(TenantQuerySet["Grant"]):
    def visible_to(self, actor: Actor) -> Self:
        """The customer, a support lead and the vendor's auditor see all; an engineer their own.

        A service account sees what it asked for on somebody's behalf.
        """
        if not actor.may(Permission.GRANT_VIEW):
            return self.none()
        asks = actor.kind == ActorKind.STAFF and actor.may(Permission.GRANT_REQUEST)
        if asks and not actor.may(Permission.GRANT_ENDORSE):
            return self.filter(Q(staff_id=actor.id) | Q(filed_by_id=actor.id))
        return self.all()

    def active(self, at: datetime) -> Self:
        return self.filter(
            approved_at__isnull=False,
            revoked_at__isnull=True,
            closed_at__isnull=True,
            tampered_at__isnull=True,
            starts_at__lte=at,
            expires_at__gt=at,
        )

    def waiting_for_customer(self, at: datetime) -> Self:
        since = at - rules.ANSWER_WITHIN
        return self.filter(status=GrantStatus.PENDING_CUSTOMER, endorsed_at__gt=since)

    def without_yes_of(self, actor: Actor) -> Self:
        """Those that this person has not agreed to, where several people must."""
        yes = GrantDecision.objects.filter(verdict=Verdict.APPROVED, by_id=actor.id)
        return self.exclude(pk__in=yes.values("grant"))

    def overdue(self, at: datetime) -> Self:
        """Rows whose words lag behind their timestamps; the sweep writes them down."""
        unanswered = Q(
            status=GrantStatus.PENDING_CUSTOMER, endorsed_at__lte=at - rules.ANSWER_WITHIN
        )
        over = Q(status__in=rules.APPROVED, expires_at__lte=at)
        begun = Q(status=GrantStatus.SCHEDULED, starts_at__lte=at)
        return self.filter(unanswered | over | begun)


_Grants = TenantManager.from_queryset(GrantQuerySet)


class GrantManager(_Grants):  # type: ignore[type-arg]  # made at run time
    """Whoever locks a grant to change it goes before the readers that come later."""

    def locked(self, pk: UUID) -> "Grant":
        hold_alone(pk)
        grant: Grant = super().locked(pk)  # type: ignore[misc]
        return grant


class Grant(TenantModel):
    """Diagnostic access for one member of the vendor's staff, in this customer's words."""

    data_class = DataClass.SUPPORT

    number = models.PositiveIntegerField()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="grants")
    # An extension is a new grant that names the one before it, and needs a fresh decision.
    previous = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="extensions"
    )
    # Text and a plain id: a row of the customer never points into the vendor's organization.
    staff_id = models.UUIDField()
    staff_name = models.CharField(max_length=200)
    staff_email = models.EmailField(max_length=254)
    # The service account that asked on their behalf, if one did: it may read how it stands.
    filed_by_id = models.UUIDField(null=True)
    # ISO 3166-1, from the profile of who asks; empty only in requests of before it was kept so.
    country = models.CharField(max_length=2)
    reason_code = models.CharField(max_length=30, choices=ReasonCode)
    justification = models.TextField(max_length=2000)
    # Why the diagnosis that the customer sent with the case does not answer the question.
    bundle_gap = models.TextField(blank=True, max_length=1000)
    capabilities = models.JSONField(default=list)
    requested_duration = models.DurationField()
    requested_start_at = models.DateTimeField(null=True)
    requested_at = models.DateTimeField()
    status = models.CharField(max_length=20, choices=GrantStatus, default=GrantStatus.VENDOR_REVIEW)
    scope_hash = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1)
    endorsed_at = models.DateTimeField(null=True)
    approved_at = models.DateTimeField(null=True)
    starts_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # Set when the signature no longer matched: this row opens nothing again.
    tampered_at = models.DateTimeField(null=True)
    # What was approved, signed: a row edited in SQL no longer matches and opens nothing.
    signature = models.TextField(blank=True)

    objects: ClassVar = GrantManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint("organization", "number", name="grant_number_once"),
            models.UniqueConstraint(
                "organization",
                "staff_id",
                "scope_hash",
                condition=Q(status__in=sorted(rules.OPEN)),
                name="one_open_grant_per_scope",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__lte=LatestEnd(F("approved_at")))
                | Q(expires_at__isnull=True),
                name="grant_ends_within_21_days",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__gte=F("approved_at"), expires_at__gt=F("starts_at"))
                | Q(approved_at__isnull=True),
                name="grant_starts_after_approval",
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=sorted(rules.APPROVED | {GrantStatus.ENDED}),
                    approved_at__isnull=False,
                    starts_at__isnull=False,
                    expires_at__isnull=False,
                    revoked_at__isnull=True,
                )
                | Q(
                    status=GrantStatus.REVOKED,
                    approved_at__isnull=False,
                    revoked_at__isnull=False,
                )
                | Q(
                    status__in=sorted(set(GrantStatus) - rules.APPROVED - rules.AFTERWARDS),
                    approved_at__isnull=True,
                    expires_at__isnull=True,
                    revoked_at__isnull=True,
                ),
                name="grant_status_has_its_instants",
            ),
            models.CheckConstraint(
                condition=Q(status__in=sorted(rules.OPEN), closed_at__isnull=True)
                | (~Q(status__in=sorted(rules.OPEN)) & Q(closed_at__isnull=False)),
                name="grant_closed_has_instant",
            ),
        ]
        indexes: ClassVar = [
            models.Index("organization", "status", "id", name="grant_by_status"),
            models.Index("staff_id", "status", "id", name="grant_by_staff"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        return f"DIA-{self.number}"

    @property
    def country_name(self) -> str:
        return country_name(self.country)

    def audit_target(self) -> Target:
        return Target(kind="grant", id=self.pk, reference=self.reference)

    def active(self, at: datetime) -> bool:
        """Whether access is open at this instant, from the timestamps alone."""
        if self.starts_at is None or self.expires_at is None or self.approved_at is None:
            return False
        if self.revoked_at or self.closed_at or self.tampered_at:
            return False
        return self.starts_at <= at < self.expires_at

    def state(self, at: datetime) -> GrantStatus:
        """What the grant is at this instant, also when no worker has written it down yet."""
        if self.status == GrantStatus.PENDING_CUSTOMER and self.lapsed(at):
            return GrantStatus.LAPSED
        if self.status in rules.APPROVED and self.expires_at is not None:
            return self._running_state(at)
        return GrantStatus(self.status)

    def _running_state(self, at: datetime) -> GrantStatus:
        if self.expires_at is not None and at >= self.expires_at:
            return GrantStatus.ENDED
        return GrantStatus.ACTIVE if self.active(at) else GrantStatus.SCHEDULED

    def lapsed(self, at: datetime) -> bool:
        return self.endorsed_at is not None and at >= rules.lapses_at(self.endorsed_at)

    @property
    def answer_by(self) -> datetime | None:
        return rules.lapses_at(self.endorsed_at) if self.endorsed_at else None

    def move(self, to: GrantStatus) -> None:
        """Take one legal step. Raises IllegalMove and changes nothing otherwise."""
        if not rules.may_move(self.status, to):
            state = GrantStatus(self.status).label
            raise IllegalMove.between(self.reference, str(state), str(to.label))
        self.status = to
        self.version += 1

    def endorse(self, at: datetime) -> None:
        self.move(GrantStatus.PENDING_CUSTOMER)
        self.endorsed_at = at

    def open(self, *, at: datetime, duration: timedelta, starts_at: datetime) -> None:
        """Approve from `starts_at`; never longer than 21 days after this instant."""
        self.move(GrantStatus.ACTIVE if starts_at <= at else GrantStatus.SCHEDULED)
        self.approved_at = at
        self.starts_at = max(starts_at, at)
        self.expires_at = rules.expiry(approved_at=at, starts_at=self.starts_at, duration=duration)

    def end(self, to: GrantStatus, at: datetime) -> None:
        """Close for good. The signature goes, so that no edit can bring the access back."""
        self.move(to)
        self.closed_at = at
        self.signature = ""
        if to == GrantStatus.REVOKED:
            self.revoked_at = at


class GrantResource(TenantModel):
    """One thing a grant covers: an integration as a whole, or a single resource."""

    data_class = DataClass.SUPPORT

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="scope")
    kind = models.CharField(max_length=20, choices=ScopeKind)
    object_id = models.UUIDField()
    integration_id = models.UUIDField()
    label = models.CharField(max_length=300)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "organization", "grant", "kind", "object_id", name="covered_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.object_id}"

    def as_scope(self) -> ScopeItem:
        return ScopeItem(self.kind, self.object_id, self.integration_id, self.label)


class GrantDecision(TenantModel):
    """Who said what about a grant, and on which terms."""

    data_class = DataClass.SUPPORT
    names_people = {"by_name": "by_id"}

    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="decisions")
    verdict = models.CharField(max_length=20, choices=Verdict)
    by_kind = models.CharField(max_length=20)
    by_id = models.UUIDField(null=True)
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    note = models.TextField(blank=True, max_length=1000)
    terms = models.JSONField(default=dict)

    class Meta:
        indexes: ClassVar = [models.Index("organization", "grant", "id", name="decision_by_grant")]

    def __str__(self) -> str:
        return f"{self.grant_id}:{self.verdict}"
