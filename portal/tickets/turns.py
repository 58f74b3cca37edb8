"""Whose turn it is with a request, in words."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from portal.tickets.models import Step, Ticket
from portal.tickets.plans import title_of_step
from portal.tickets.rules import Status, StepStatus

# What a step waits for inside the workspace: its own words say it all.
_OWN_WAITS = frozenset({"people-open", "others-open"})


def turn_of(ticket: Ticket, steps: Sequence[Step]) -> str:
    """Who has the next move; empty once the request has ended."""
    if not ticket.is_open:
        return ""
    if ticket.status == Status.AWAITING_SECOND:
        return _("a second person, who must confirm")
    if ticket.status == Status.BLOCKED:
        return _("the vendor")
    asked = [asked_of(step) for step in steps if step.is_asking]
    if asked:
        return ", ".join(dict.fromkeys(asked))
    waiting = [title_of_step(ticket.kind, s) for s in steps if s.status == StepStatus.WAITING]
    return ", ".join(waiting) or "Gatehouse"


def asked_of(step: Step) -> str:
    if step.is_for_vendor:
        return _("the vendor")
    return step.assignee_name or _("anybody who works on requests")


def note_of_waiting(step: Step) -> str:
    """One line under a step that waits."""
    if step.is_asking:
        return _("Waits for %(who)s.") % {"who": asked_of(step)}
    if step.error_code in _OWN_WAITS:
        return ""
    return _("Waits for the answer of the other system.")
