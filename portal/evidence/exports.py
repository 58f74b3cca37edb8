"""The rows of an export: a sentence for people, the stored values for machines."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from audit.instants import to_text
from audit.models import Event
from audit.opening import opened
from audit.sentences import sentence
from portal.evidence.lines import positions_of

HEADER: Final = (
    "time",
    "event",
    "what happened",
    "outcome",
    "by",
    "by kind",
    "by id",
    "about",
    "about kind",
    "about id",
    "request number",
    "address",
    "session",
    "web request",
    "position",
    "event id",
)
_CHUNK: Final = 500


def csv_rows(events: Sequence[Event]) -> Iterator[list[object]]:
    for event, position in _prepared(events):
        people = event.people()
        yield [
            to_text(event.occurred_at),
            event.name,
            sentence(event),
            event.outcome,
            people.get("actor", ""),
            event.actor_kind,
            event.actor_id,
            people.get("target", ""),
            event.target_kind,
            event.target_id,
            event.reference,
            people.get("address", ""),
            event.session_id,
            event.request_id,
            position,
            event.id,
        ]


def json_lines(events: Sequence[Event]) -> Iterator[str]:
    for event, position in _prepared(events):
        yield json.dumps(as_json(event, position), ensure_ascii=False) + "\n"


def as_json(event: Event, position: int | None) -> dict[str, Any]:
    """The stored columns that the leaf hash is over, the hash, and the names in clear."""
    return {
        "position": position,
        "what": sentence(event),
        "people": event.people(),
        "leaf_hash": bytes(event.leaf_hash).hex(),
        "stored": {
            "id": str(event.id),
            "organization_id": str(event.organization_id),
            "name": event.name,
            "version": event.version,
            "occurred_at": to_text(event.occurred_at),
            "actor_kind": event.actor_kind,
            "actor_id": _text(event.actor_id),
            "target_kind": event.target_kind,
            "target_id": _text(event.target_id),
            "reference": event.reference,
            "outcome": event.outcome,
            "grant_id": _text(event.grant_id),
            "session_id": event.session_id,
            "request_id": event.request_id,
            "body": event.body,
            "sealed": event.sealed,
        },
    }


def _prepared(events: Sequence[Event]) -> Iterator[tuple[Event, int | None]]:
    """Names and positions are fetched for many events at a time."""
    for start in range(0, len(events), _CHUNK):
        chunk = events[start : start + _CHUNK]
        opened(chunk)
        positions = positions_of(chunk)
        yield from ((event, positions.get(event.id)) for event in chunk)


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
