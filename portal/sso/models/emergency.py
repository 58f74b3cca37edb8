"""Break-glass: the sealed door of one owner, for the day on which single sign-on is broken."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from tenants.inventory import DataClass
from tenants.models import Entry, Membership, Organization
from tenants.permissions import BuiltInRole
from tenants.resolving import BREAK_GLASS_SECONDS
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class SealedDoorQuerySet(TenantQuerySet["SealedDoor"]):
    def standing(self) -> "SealedDoorQuerySet":
        return self.exclude(status=SealedDoor.Status.VOID)

    def of_owners(self, *, at: datetime) -> "SealedDoorQuerySet":
        """Those whose holder could come in as an owner at `at`."""
        return self.standing().filter(
            Q(membership__access_ends_at__isnull=True) | Q(membership__access_ends_at__gt=at),
            Q(membership__blocked_from__isnull=True) | Q(membership__blocked_from__gt=at),
            membership__status=Membership.Status.ACTIVE,
            membership__role=BuiltInRole.OWNER,
            membership__user__isnull=False,
            organization__status__in=(Organization.Status.ACTIVE, Organization.Status.CLOSING),
        )

    def sealed(self, *, at: datetime) -> "SealedDoorQuerySet":
        """Those that were proven to open, and would."""
        return self.of_owners(at=at).filter(status=SealedDoor.Status.SEALED)

    def with_open_session(self, *, at: datetime) -> "SealedDoorQuerySet":
        """Those through which somebody is in at `at`."""
        return self.filter(
            opened_at__gt=at - timedelta(seconds=BREAK_GLASS_SECONDS),
            opened_at__lte=at,
            entry__ended_at__isnull=True,
        )

    def that_open(self, *, at: datetime) -> "SealedDoorQuerySet":
        issued = Q(status=SealedDoor.Status.ISSUED, expires_at__gt=at)
        return self.of_owners(at=at).filter(Q(status=SealedDoor.Status.SEALED) | issued)


class SealedDoor(TenantModel):
    """One owner's way in without single sign-on: own password, second factor, and a code.

    The code is known to its holder alone; what is stored recognises it and cannot rebuild it.
    """

    data_class = DataClass.SIGN_IN
    person_paths = ("membership_id",)

    class Status(models.TextChoices):
        NOMINATED = "nominated", _("No code yet")
        MADE = "made", _("Not proven")
        SEALED = "sealed", _("Sealed")
        # By the vendor's operator, on the server, for once.
        ISSUED = "issued", _("Single use, from the vendor")
        OPENED = "opened", _("Used up")
        VOID = "void", _("Void")

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    nominated_by = models.ForeignKey(
        Membership, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NOMINATED)
    digest = models.CharField(max_length=64, blank=True)
    nominated_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, blank=True)
    proven_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    # Stays when a new code is made: the session that the last one opened may still be there.
    opened_at = models.DateTimeField(null=True, blank=True)
    entry = models.ForeignKey(
        Entry, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    voided_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = TenantManager.from_queryset(SealedDoorQuerySet)()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organization", "membership"],
                condition=~Q(status="void"),
                name="one_sealed_door_an_owner",
            ),
            models.CheckConstraint(
                name="sealed_door_status_instants",
                condition=Q(status="nominated", digest="", made_at__isnull=True)
                | Q(status="made", made_at__isnull=False, proven_at__isnull=True) & ~Q(digest="")
                | Q(status="sealed", proven_at__gte=F("made_at")) & ~Q(digest="")
                | Q(status="issued", made_at__isnull=False, expires_at__gt=F("made_at"))
                & ~Q(digest="")
                | Q(status="opened", digest="", opened_at__isnull=False)
                | Q(status="void", digest="", voided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} door of {self.membership_id}"

    def give_code(self, digest: str, *, at: datetime) -> None:
        self.status, self.digest, self.made_at = self.Status.MADE, digest, at
        self.proven_at = self.expires_at = None

    def issue(self, digest: str, *, at: datetime, until: datetime) -> None:
        self.give_code(digest, at=at)
        self.status, self.expires_at = self.Status.ISSUED, until

    def seal(self, *, at: datetime) -> None:
        self.status, self.proven_at = self.Status.SEALED, at

    def use_up(self, entry: Entry, *, at: datetime) -> None:
        self.status, self.digest = self.Status.OPENED, ""
        self.opened_at, self.entry = at, entry

    def void(self, *, at: datetime) -> None:
        self.status, self.digest, self.voided_at = self.Status.VOID, "", at

    def audit_target(self) -> Target:
        return Target(
            kind="member",
            id=self.membership_id,
            label=str(self.membership),
            person=self.membership_id,
        )
