"""Whoever asks to close the workspace ends all diagnostic access in the same transaction."""

from datetime import datetime

from portal.grants import rules
from portal.grants.actions.ending import cut_grant
from portal.grants.models import Grant
from portal.tickets.followers import follow_deletions
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope
from tenants.access import Actor


@follow_deletions
def end_all_access(ticket: Ticket, actor: Actor, at: datetime) -> None:
    if ticket.scope != Scope.CLOSE:
        return
    for grant in Grant.objects.filter(status__in=sorted(rules.OPEN)).order_by("id"):
        cut_grant(grant, actor=actor, at=at, because="workspace-closing")
