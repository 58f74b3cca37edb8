"""Understands metadata sent as JSON: `gatehouse-metadata/1`, resources with their fields."""

from collections.abc import Callable
from typing import IO, Final

from django.utils.translation import gettext as _

from portal.catalog.ingest.bench import Bench
from portal.catalog.ingest.reading import Entries, Extras
from portal.catalog.ingest.relations import Column, Relation
from portal.catalog.ingest.rowdata import ROWS, refuse_rows
from portal.catalog.ingest.shape import Shape
from portal.catalog.rules import (
    LONGEST_DESCRIPTION,
    LONGEST_KEY,
    LONGEST_NAME,
    LONGEST_TYPE,
    MOST_COLUMNS,
    MOST_RELATIONS,
    MOST_TAGS,
    MOST_UPSTREAM,
    ResourceKind,
)

SCHEMA: Final = "gatehouse-metadata/1"
# Errors name the document by this.
FILE: Final = "document"
_RESOURCE: Final = frozenset(
    {"key", "kind", "name", "database", "schema", "type", "description", "owner", "tags",
     "upstream", "row_count", "fields"}
)  # fmt: skip
_FIELD: Final = frozenset({"name", "type", "description"})
Beat = Callable[[int], None]


def read_document(stream: IO[bytes], bench: Bench, *, beat: Beat) -> None:
    """Put every resource on the bench, or raise ArtifactRefused. An empty list empties it."""
    wanted = {"metadata": frozenset({"schema"}), "resources": _RESOURCE | ROWS}
    extras = Extras(lists=frozenset({"resources"}), rows=ROWS, strict=True)
    entries = Entries(stream, file=FILE, wanted=wanted, extras=extras)
    for count, (section, key, values) in enumerate(entries):
        beat(entries.feed.handed_out)
        shape = Shape(values, file=FILE, key=f"{section}.{key}" if key else section)
        if section == "metadata":
            _check_schema(shape)
            continue
        if count > MOST_RELATIONS:
            shape.refuse("too-large", _("At most 200,000 resources are taken at once."))
        _add(shape, bench)
    require_parts(entries, "metadata", "resources")


def require_parts(entries: Entries, *parts: str) -> None:
    for part in parts:
        if part not in entries.sections:
            missing = Shape({}, file=entries.file, key=part)
            missing.refuse("missing", _("This part of the document is missing."))


def _check_schema(shape: Shape) -> None:
    if shape.line("schema") != SCHEMA:
        said = _("The schema of this document is not known here; %(known)s is.")
        shape.refuse("wrong-version", said % {"known": SCHEMA}, "schema")


def _add(shape: Shape, bench: Bench) -> None:
    refuse_rows(shape)
    kind = shape.line("kind") or ResourceKind.TABLE
    if kind not in ResourceKind.values:
        said = _("Known kinds are %(kinds)s.") % {"kinds": ", ".join(ResourceKind.values)}
        shape.refuse("wrong-type", said, "kind")
    relation = Relation(
        unique_key=shape.name("key", LONGEST_KEY),
        kind=kind,
        name=shape.name("name"),
        database=shape.line("database"),
        schema=shape.line("schema"),
        relation_type=shape.line("type"),
        description=shape.text("description", LONGEST_DESCRIPTION),
        owner=shape.line("owner"),
        row_count=None if shape.raw("row_count") is None else shape.number("row_count"),
        tags=shape.lines("tags", LONGEST_NAME, MOST_TAGS),
        upstream=shape.lines("upstream", LONGEST_KEY, MOST_UPSTREAM),
        columns=_columns(shape),
    )
    if not bench.add(relation):
        shape.refuse("duplicate", _("This key appears twice in the document."), "key")


def _columns(shape: Shape) -> list[Column]:
    columns: dict[str, Column] = {}
    for position, part in enumerate(shape.items("fields", MOST_COLUMNS), start=1):
        refuse_rows(part)
        part.only(_FIELD)
        name = part.name("name")
        if name in columns:
            part.refuse("duplicate", _("This field appears twice."), "name")
        description = part.text("description", LONGEST_DESCRIPTION)
        columns[name] = Column(name, part.text("type", LONGEST_TYPE), position, description)
    return list(columns.values())
