"""Kinds of downstream systems, what they are told, and how long an old secret still counts."""

from datetime import timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from portal.tickets.rules import Kind as RequestKind

# The family of steps: one for each system that is in use when a request is filed.
FAMILY = "downstream:"
# A receiver has this long to take the new secret over; both sign meanwhile.
OVERLAP = timedelta(hours=24)
NAME_LENGTH = 100
INSTRUCTION_LENGTH = 1000
EVIDENCE_LENGTH = 300
MOST = 50
EVENTS = {RequestKind.REVOCATION: "access.revoked", RequestKind.DELETION: "metadata.deleted"}


class Kind(TextChoices):
    MANUAL = "manual", _("Somebody does it by hand")
    CALLBACK = "callback", _("A signed call that must be acknowledged")


class Through(TextChoices):
    ANSWER = "answer", _("in its answer")
    CALL = "call", _("by a call of its own")
