"""A filed deletion disconnects what it is about at once; its rows follow after the cooling-off."""

from datetime import datetime

from portal.catalog.actions import disconnect_integration
from portal.catalog.models import Integration
from portal.tickets.followers import follow_deletions
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope
from tenants.access import Actor


@follow_deletions
def disconnect(ticket: Ticket, actor: Actor, at: datetime) -> None:
    if ticket.scope not in {Scope.ALL_METADATA, Scope.INTEGRATION, Scope.CLOSE}:
        return
    rows = Integration.objects.filter(deleting_at=None).order_by("pk")
    if ticket.scope == Scope.INTEGRATION:
        rows = rows.filter(pk=ticket.subject_id)
    for integration in rows:
        disconnect_integration(integration, actor=actor, at=at)
