"""What a request proves: refused credentials, stores counted twice, escalations sent once."""

from django.db import models
from django.db.models import Q

from portal.tickets.models.ticket import Ticket
from portal.tickets.rules import LEVELS
from tenants.inventory import DataClass
from tenants.scoping import TenantModel


class Finding(TenantModel):
    """One credential a person had, and what happened when it was tried after the revocation."""

    data_class = DataClass.REQUESTS

    class Answer(models.TextChoices):
        UNTRIED = "untried"
        REFUSED = "refused"
        ACCEPTED = "accepted"

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=32)
    # What names the credential on screen without being it: a prefix, a device, a connection.
    label = models.CharField(max_length=160)
    # Equal for the same credential however often it is listed; a digest, never the secret.
    fingerprint = models.CharField(max_length=64)
    # What is needed to try it, sealed under the ticket's own key, which ends with the ticket.
    sealed_handle = models.TextField()
    last_used_at = models.DateTimeField(null=True)
    tried = models.CharField(max_length=200, blank=True)
    answer = models.CharField(max_length=16, choices=Answer, default=Answer.UNTRIED)
    detail = models.CharField(max_length=200, blank=True)
    tried_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "ticket", "kind", "fingerprint", name="finding_credential_once"
            ),
            models.CheckConstraint(
                name="finding_answer_has_a_time",
                condition=Q(answer="untried", tried_at__isnull=True)
                | (~Q(answer="untried") & Q(tried_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.label}"


class Tally(TenantModel):
    """One store in the scope of a deletion: counted before, counted after by another path."""

    data_class = DataClass.REQUESTS

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    store = models.CharField(max_length=120)
    label = models.CharField(max_length=120)
    before = models.PositiveBigIntegerField()
    # Merkle root over the ids counted: says which rows, without keeping them.
    root = models.CharField(max_length=64, blank=True)
    erased = models.PositiveBigIntegerField(default=0)
    after = models.PositiveBigIntegerField(null=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("ticket", "store", name="tally_store_once"),
            models.CheckConstraint(
                name="tally_after_has_a_time",
                condition=Q(after__isnull=True, checked_at__isnull=True)
                | Q(after__isnull=False, checked_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.store


class Escalation(TenantModel):
    """A share of the promised time went by; the unique row makes the notice happen once."""

    data_class = DataClass.REQUESTS

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="+")
    level = models.PositiveSmallIntegerField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("ticket", "level", name="escalation_level_once"),
            models.CheckConstraint(name="escalation_level_known", condition=Q(level__in=LEVELS)),
        ]

    def __str__(self) -> str:
        return f"{self.level} %"
