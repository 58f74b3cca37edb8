"""The verbs of a request."""

from portal.tickets.actions.clocking import escalate_ticket
from portal.tickets.actions.deciding import (
    confirm_deletion,
    lapse_confirmation,
    retry_ticket,
    withdraw_deletion,
)
from portal.tickets.actions.filing import file_deletion, file_revocation

__all__ = [
    "confirm_deletion",
    "escalate_ticket",
    "file_deletion",
    "file_revocation",
    "lapse_confirmation",
    "retry_ticket",
    "withdraw_deletion",
]
