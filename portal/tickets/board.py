"""Requests by their clock: the board's columns, each request in the first that fits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.tickets.listing import Look, TicketFilter, in_view, tickets_for, waiting_numbers
from portal.tickets.models import Ticket
from portal.tickets.models.ticket import TicketQuerySet
from portal.tickets.showing import title_of

# A column is looked over, not scrolled for an hour: the rest is in the list.
MOST: Final = 40


@dataclass(frozen=True, slots=True)
class Place:
    """A column before anything is in it; `view` is its name in the list and the API."""

    view: str
    label: str | Promise
    tone: str
    always: bool = True


PLACES: Final = (
    Place("waiting", _("Waiting for you"), "info"),
    Place("late_open", _("Late"), "danger"),
    Place("at_risk", _("At risk, under 6 h"), "warn"),
    Place("soon", _("6 to 12 h left"), "neutral"),
    Place("later", _("More than 12 h left"), "neutral"),
    Place("paused", _("Clock stands still"), "neutral", always=False),
    Place("done_today", _("Done today"), "ok"),
)
_ORDER: Final = {"done_today": ("-met_at", "-id")}


@dataclass(frozen=True, slots=True)
class Column:
    place: Place
    count: int
    cards: Sequence[tuple[Ticket, str]]

    @property
    def is_cut(self) -> bool:
        return self.count > len(self.cards)


def columns_of(look: Look, wanted: TicketFilter | None) -> list[Column]:
    """In a fixed number of statements, however many requests there are."""
    rows, conditions = _rows(look, wanted), _conditions(look)
    counts, columns = _counted(rows, conditions), []
    for place in PLACES:
        found = rows.filter(conditions[place.view])
        ordered = found.order_by(*_ORDER.get(place.view, ("due_at", "id")))[:MOST]
        cards = [(row.as_of(look.at), title_of(row)) for row in ordered]
        if cards or place.always:
            columns.append(Column(place, counts[place.view], cards))
    return columns


def counts_of(look: Look, wanted: TicketFilter | None) -> dict[str, int]:
    """How many requests stand in each column."""
    return _counted(_rows(look, wanted), _conditions(look))


def _rows(look: Look, wanted: TicketFilter | None) -> TicketQuerySet:
    return tickets_for(look, wanted.anywhere() if wanted else None)


def _counted(rows: TicketQuerySet, conditions: Mapping[str, Q]) -> dict[str, int]:
    sums = {view: Count("pk", filter=where) for view, where in conditions.items()}
    return {view: int(count) for view, count in rows.aggregate(**sums).items()}


def _conditions(look: Look) -> dict[str, Q]:
    """What waits for somebody stands there and in no second column."""
    waiting = Q(number__in=waiting_numbers(look))
    others = {p.view: ~waiting & in_view(p.view, look) for p in PLACES if p.view != "waiting"}
    return {"waiting": waiting, **others}
