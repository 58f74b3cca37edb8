"""Rows of a request: the ticket, its steps, its evidence, its escalations; kept filters."""

from portal.tickets.models.disposal import Disposal
from portal.tickets.models.evidence import Escalation, Finding, Tally
from portal.tickets.models.part import Part
from portal.tickets.models.saved import SavedFilter
from portal.tickets.models.step import Step
from portal.tickets.models.ticket import Ticket

__all__ = ["Disposal", "Escalation", "Finding", "Part", "SavedFilter", "Step", "Tally", "Ticket"]
