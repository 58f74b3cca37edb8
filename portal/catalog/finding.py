"""Which fields of the resources found a search has met, so that a listing can say why."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import F, Window
from django.db.models.functions import Left, RowNumber

from portal.catalog.models import Field, Resource
from portal.catalog.rules import search_words, terms
from tenants.access import Actor

# Of each resource: enough to name some even where a word stands inside longer ones.
LOOKED_AT = 25
LOOKED_INTO = 4_000


def name_found_fields(rows: Sequence[Resource], text: str, *, actor: Actor) -> None:
    """Set `found_fields` on each of the rows, in one query for all of them."""
    asked = search_words(text)
    if not rows or not asked:
        return
    met: dict[Any, list[str]] = defaultdict(list)
    for field in _candidates(rows, asked, actor=actor):
        if _is_met(terms([field.name], [field.beginning]), asked):
            met[field.resource_id].append(field.name)
    for row in rows:
        row.found_fields = met[row.pk]


def _candidates(rows: Sequence[Resource], asked: list[str], *, actor: Actor) -> Any:
    fields = Field.objects.visible_to(actor).filter(resource__in=[row.pk for row in rows])
    in_order = Window(
        RowNumber(), partition_by=F("resource_id"), order_by=[F("position"), F("name")]
    )
    return (
        fields.holding(asked)
        .annotate(place=in_order, beginning=Left("description", LOOKED_INTO))
        .filter(place__lte=LOOKED_AT)
        .only("resource_id", "name")
        .order_by("resource_id", "place")
    )


def _is_met(held: set[str], asked: list[str]) -> bool:
    return any(term.startswith(word) for word in asked for term in held)
