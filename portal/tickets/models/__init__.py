"""Rows of a request: the ticket, its steps, its evidence and its escalations."""

from portal.tickets.models.evidence import Escalation, Finding, Tally
from portal.tickets.models.step import Step
from portal.tickets.models.ticket import Ticket

__all__ = ["Escalation", "Finding", "Step", "Tally", "Ticket"]
