"""What the vendor demands of its own staff before a customer is even asked."""

from datetime import datetime, timedelta
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from tenants.inventory import DataClass
from tenants.scoping import TenantModel

MOST_APPROVERS = 50


class SupportRules(TenantModel):
    """The policy that staff attest, who checks requests, and from which countries they come."""

    data_class = DataClass.ORGANIZATION

    text = models.TextField(_("policy for support"), max_length=20_000)
    # Rises with each new text: whoever attested an older one attests again.
    text_version = models.PositiveIntegerField(default=1)
    attestation_lasts = models.DurationField(default=timedelta(days=365))
    # Ids of members, who check colleagues' requests before the customer sees them.
    pool = models.JSONField(default=list)
    pool_most = models.PositiveSmallIntegerField(
        default=5, validators=[MinValueValidator(1), MaxValueValidator(MOST_APPROVERS)]
    )
    # Two letters each, ISO 3166-1. None named: nobody may ask.
    countries = models.JSONField(default=list)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organization"], name="support_rules_once")
        ]

    def __str__(self) -> str:
        return f"Rules of support {self.version}"

    def audit_target(self) -> Target:
        return Target(kind="support_rules", id=self.pk, label="rules of support")


class Attestation(TenantModel):
    """A member of the staff has read one version of the policy and will keep it."""

    data_class = DataClass.PEOPLE
    person_paths = ("staff_id",)

    staff_id = models.UUIDField()
    text_version = models.PositiveIntegerField()
    attested_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index("organization", "staff_id", "attested_at", name="attestation_by_staff")
        ]

    def __str__(self) -> str:
        return f"{self.staff_id}:{self.text_version}"

    def holds_until(self, rules: SupportRules) -> datetime:
        return self.attested_at + rules.attestation_lasts
