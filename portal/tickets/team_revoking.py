"""One go over a whole team: chunk after chunk, each in a transaction of its own."""

from datetime import datetime

from portal.tickets.actions import cover_team, file_team_revocation
from portal.tickets.models import Ticket
from tenants.access import Actor
from tenants.models import Team


def revoke_team(
    team: Team,
    *,
    actor: Actor,
    at: datetime,
    reason: str = "",
    source: str = "person",
    effective_at: datetime | None = None,
    expected: str = "",
) -> Ticket:
    """File for everybody in the team; what a crash leaves of it, the worker files.

    Raises what `file_team_revocation` raises, and then nothing has happened.
    """
    ticket = file_team_revocation(
        team,
        actor=actor,
        at=at,
        reason=reason,
        source=source,
        effective_at=effective_at,
        expected=expected,
    )
    while cover_team(ticket, actor=actor, at=at):
        pass
    ticket.refresh_from_db()
    return ticket
