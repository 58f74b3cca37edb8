"""What the log tells about a person, for those who may read it."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from audit.models import Event
from audit.opening import opened
from audit.sentences import sentence
from tenants.models import Membership

SHOWN = 12
ICONS = {
    "action": "ban",
    "entry": "log-in",
    "invitation": "mail",
    "member": "user",
    "team": "users-round",
    "ticket": "ticket-check",
    "token": "key-round",
}


class Line(NamedTuple):
    """An entry of the timeline component."""

    text: str
    at: datetime
    icon: str
    tone: str


def history_of(member: Membership) -> list[Line]:
    """The latest events by or about the person, newest first."""
    events = list(
        Event.objects.filter(organization_id=member.organization_id)
        .filter(Q(target_id=member.pk) | Q(actor_id=member.pk))
        .order_by("-id")[:SHOWN]
    )
    opened(events)
    return [
        Line(
            sentence(event),
            event.occurred_at,
            ICONS.get(event.name.split(".")[0], "circle"),
            "neutral" if event.outcome == "done" else "danger",
        )
        for event in events
    ]
