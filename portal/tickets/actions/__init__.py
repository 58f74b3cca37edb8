"""The verbs of a request."""

from portal.tickets.actions.answering import Evidence, complete_step, note_answer
from portal.tickets.actions.assigning import reassign_step
from portal.tickets.actions.clocking import escalate_ticket
from portal.tickets.actions.deciding import (
    confirm_deletion,
    lapse_confirmation,
    retry_ticket,
    withdraw_deletion,
)
from portal.tickets.actions.filing import file_deletion
from portal.tickets.actions.filters import delete_filter, save_filter
from portal.tickets.actions.planned import begin_revocation, cancel_revocation, hasten_revocation
from portal.tickets.actions.restoring import Erasure, reopen_deletion
from portal.tickets.actions.reversing import reverse_revocation
from portal.tickets.actions.revoking import file_revocation
from portal.tickets.actions.teams import cover_team, file_team_revocation
from portal.tickets.actions.vendor import (
    answer_vendor_step,
    open_vendor_step,
    take_vendor_step,
)

__all__ = [
    "Erasure",
    "Evidence",
    "answer_vendor_step",
    "begin_revocation",
    "cancel_revocation",
    "complete_step",
    "confirm_deletion",
    "cover_team",
    "delete_filter",
    "escalate_ticket",
    "file_deletion",
    "file_revocation",
    "file_team_revocation",
    "hasten_revocation",
    "lapse_confirmation",
    "note_answer",
    "open_vendor_step",
    "reassign_step",
    "reopen_deletion",
    "retry_ticket",
    "reverse_revocation",
    "save_filter",
    "take_vendor_step",
    "withdraw_deletion",
]
