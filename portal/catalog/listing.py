"""The one listing of resources: page, API, CSV and search all take their rows from here."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from portal.catalog.finding import name_found_fields
from portal.catalog.models import Integration, Place, Resource
from portal.catalog.models.resources import ResourceQuerySet
from portal.catalog.rules import search_words
from portal.ui.paging import Page, cursor_after, cursor_values
from tenants.access import Actor

ORDER = ("sort_key", "id")
PAGE_SIZE = 50
EXPORTED_AT_ONCE = 500
SUGGESTED = 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a listing is narrowed to. Filters only ever take rows away."""

    text: str = ""
    integration: UUID | None = None
    kind: str = ""
    tag: str = ""
    owner: str = ""

    @property
    def is_narrow(self) -> bool:
        return bool(self.text or self.integration or self.kind or self.tag or self.owner)

    def rows(self) -> ResourceQuerySet:
        rows: ResourceQuerySet = Resource.objects.select_related("integration")
        rows = rows.matching(self.text)
        if self.integration:
            rows = rows.filter(integration=self.integration)
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.owner:
            rows = rows.owned_by(self.owner)
        return rows.tagged(self.tag) if self.tag else rows


def resource_page(
    actor: Actor, wanted: Wanted, *, cursor: str = "", size: int = PAGE_SIZE
) -> Page[Resource]:
    """One page of what this actor may see, by name."""
    rows = wanted.rows()
    after = Place(*cursor_values(rows, ORDER, cursor)) if cursor else None
    found = rows.first_visible(actor, after=after, size=size + 1)
    shown = found[:size]
    more = len(found) > size
    name_found_fields(shown, wanted.text, actor=actor)
    return Page(shown, cursor_after(shown[-1], ORDER) if more else "", cursor)


def every_resource(actor: Actor, wanted: Wanted) -> Iterator[Resource]:
    """All rows of the listing, fetched part by part: access is looked up anew for each."""
    after: Place | None = None
    while True:
        part = wanted.rows().first_visible(actor, after=after, size=EXPORTED_AT_ONCE)
        name_found_fields(part, wanted.text, actor=actor)
        yield from part
        if len(part) < EXPORTED_AT_ONCE:
            return
        after = part[-1].place


def suggested(actor: Actor, text: str, *, size: int = SUGGESTED) -> list[Resource]:
    """The first resources for what somebody is typing; none before there is a word of it."""
    if not search_words(text):
        return []
    rows = Wanted(text=text).rows()
    return list(rows.first_visible(actor, after=None, size=size))


def integration_choices(actor: Actor) -> list[Integration]:
    """The integrations somebody may choose from, by name."""
    return list(Integration.objects.visible_to(actor).order_by("name", "pk")[:500])
