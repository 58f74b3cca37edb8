"""An event as a line on screen: its sentence, its mark, and what lies behind it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import groupby
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from audit.models import Event, Leaf
from audit.names import EventName
from audit.opening import opened
from audit.sentences import sentence, spelled
from portal.evidence.words import icon_of, label_of

_PAGES: Final = {
    "REV": "ticket-show",
    "DEL": "ticket-show",
    "CASE": "case-show",
    "DIA": "grant-show",
}
_DANGER: Final = frozenset(
    {
        EventName.TICKET_LATE,
        EventName.GRANT_TAMPERED,
        EventName.EMERGENCY_ACCESS_TAMPERED,
        EventName.SIGN_IN_REFUSED,
    }
)
_OK: Final = frozenset(
    {EventName.TICKET_COMPLETED, EventName.TICKET_CLOSED, EventName.CERTIFICATE_SIGNED}
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """What the page shows of one event."""

    id: UUID
    at: datetime
    text: str
    icon: str
    tone: str
    reference: str
    reference_url: str
    is_refused: bool
    position: int | None
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Day:
    day: date
    lines: Sequence[Line]


def days_of(events: Iterable[Event], *, slug: str, zone: tzinfo) -> list[Day]:
    """The lines in their order, under the days of the person who reads."""
    lines = lines_of(list(events), slug=slug)
    grouped = groupby(lines, key=lambda line: line.at.astimezone(zone).date())
    return [Day(day, list(of_day)) for day, of_day in grouped]


def lines_of(events: Sequence[Event], *, slug: str) -> list[Line]:
    """Two queries however many events: the keys of the names, and the places in the tree."""
    opened(events)
    positions = positions_of(events)
    return [_line(event, slug, positions.get(event.id)) for event in events]


def positions_of(events: Sequence[Event]) -> dict[UUID, int]:
    leaves = Leaf.objects.filter(event_id__in=[event.id for event in events])
    return dict(leaves.values_list("event_id", "position"))


def page_of(reference: str, slug: str) -> str:
    """Where a number leads, by its series."""
    name = _PAGES.get(reference.partition("-")[0])
    return reverse(name, args=[slug, reference]) if name else ""


def _line(event: Event, slug: str, position: int | None) -> Line:
    return Line(
        id=event.id,
        at=event.occurred_at,
        text=sentence(event),
        icon=icon_of(event.name),
        tone=_tone(event),
        reference=event.reference,
        reference_url=page_of(event.reference, slug),
        is_refused=event.outcome == "refused",
        position=position,
        facts=_facts(event, position),
    )


def _tone(event: Event) -> str:
    if event.outcome == "refused" or event.name in _DANGER:
        return "danger"
    return "ok" if event.name in _OK else "neutral"


def _facts(event: Event, position: int | None) -> list[tuple[str, str]]:
    people = event.people()
    known = [
        (_("Event"), label_of(event.name)),
        (_("By"), people.get("actor", "")),
        (_("Acting for"), people.get("acting_for", "")),
        (_("From address"), people.get("address", "")),
        (_("About"), people.get("target", "")),
        *((name.replace("_", " ").capitalize(), spelled(value)) for name, value in _more(event)),
        (_("Session"), event.session_id),
        (_("Web request"), event.request_id),
        (_("Event id"), str(event.id)),
        (_("Sealed"), _seal_text(position)),
    ]
    return [(name, value) for name, value in known if value]


def _more(event: Event) -> list[tuple[str, object]]:
    known = {"actor", "acting_for", "address", "target"}
    private = [item for item in event.people().items() if item[0] not in known]
    return [*event.facts.items(), *private]


def _seal_text(position: int | None) -> str:
    if position is None:
        return _("not yet; within seconds")
    return _("as number %(position)d of the log") % {"position": position + 1}
