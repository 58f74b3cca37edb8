"""Finds events for the portal's search: by request, case or grant number, or by whom."""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.formats import date_format

from audit.sentences import sentence
from portal.evidence.filters import LogFilter, events_for, people_named
from portal.ui.searching import Found
from tenants.access import Actor
from tenants.permissions import Permission

NUMBER: Final = re.compile(r"^(rev|del|case|dia)[- ]?(\d{1,9})$", re.IGNORECASE)


def find_events(actor: Actor, text: str, limit: int) -> Sequence[Found]:
    """The latest events about a number or a person, each leading to the log filtered by it."""
    if not actor.may(Permission.AUDIT_VIEW):
        return []
    match = NUMBER.match(text)
    reference = f"{match[1].upper()}-{match[2]}" if match else ""
    people = None if reference else people_named(actor, text)
    if not reference and not people:
        return []
    query = urlencode({"reference": reference} if reference else {"person": text})
    url = f"{reverse('event-list', args=[actor.organization.slug])}?{query}"
    events = events_for(actor, LogFilter(people=people, reference=reference)).order_by("-id")
    return [
        Found(
            title=sentence(event),
            url=url,
            detail=f"{date_format(event.occurred_at, 'j M Y, H:i')} UTC",
            reference=event.reference,
        )
        for event in events[:limit]
    ]
