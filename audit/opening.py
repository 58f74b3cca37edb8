"""Opening what events keep sealed: many events with one look at the keys."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable
from uuid import UUID

from django.utils.translation import gettext as _

from audit.models import Event
from audit.sealing import KeyDestroyed, SealBroken, open_keys

_OPENED = "_opened"


def context_of(event_id: UUID, field: str) -> str:
    return f"event:{event_id}:{field}"


def opened(events: Iterable[Event]) -> dict[UUID, dict[str, str]]:
    """Event id -> its personal values by field. Opened once per event object."""
    known = list(events)
    waiting: dict[UUID, list[Event]] = defaultdict(list)
    for event in known:
        if not hasattr(event, _OPENED):
            waiting[event.organization_id].append(event)
    for organization_id, group in waiting.items():
        _open(organization_id, group)
    return {event.id: dict(getattr(event, _OPENED)) for event in known}


def _open(organization_id: UUID, events: list[Event]) -> None:
    tokens = {event.id: _tokens_of(event) for event in events}
    ring = open_keys(organization_id, (t for fields in tokens.values() for t in fields.values()))
    for event in events:
        values = _unsealed_names(event)
        for field, token in tokens[event.id].items():
            values[field] = _value(ring.unseal, token, context_of(event.id, field))
        setattr(event, _OPENED, values)


def _unsealed_names(event: Event) -> dict[str, str]:
    """Names that belong to no person: the system's, and labels of things."""
    names = {field: event.content.get(field) for field in ("actor", "target")}
    return {field: name for field, name in names.items() if isinstance(name, str)}


def _tokens_of(event: Event) -> dict[str, str]:
    try:
        tokens = json.loads(event.sealed)
    except ValueError:
        return {}
    return {str(field): str(token) for field, token in tokens.items()} if tokens else {}


def _value(unseal: Callable[..., str], token: str, context: str) -> str:
    try:
        return unseal(token, context=context)
    except KeyDestroyed:
        return _("a removed person")
    except SealBroken:
        # An empty token stands where the key was destroyed before the event was written.
        return _("an unreadable value") if token else _("a removed person")
