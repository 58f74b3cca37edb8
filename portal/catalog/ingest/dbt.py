"""Understands dbt's manifest.json (v4 to v12) and catalog.json (v1)."""

import json
import re
from collections.abc import Callable, Mapping
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from portal.catalog.ingest.bench import Bench
from portal.catalog.ingest.reading import Entries
from portal.catalog.ingest.relations import Aggregate, Column, Relation
from portal.catalog.ingest.rowdata import ROWS, refuse_rows
from portal.catalog.ingest.shape import Shape
from portal.catalog.refusals import ArtifactRefused, Whereabouts
from portal.catalog.rules import (
    DBT_KINDS,
    LONGEST_DESCRIPTION,
    LONGEST_KEY,
    LONGEST_NAME,
    LONGEST_TYPE,
    MOST_COLUMNS,
    MOST_RELATIONS,
    MOST_TAGS,
    MOST_UPSTREAM,
    UploadKind,
)

MANIFEST_VERSIONS: Final = range(4, 13)
CATALOG_VERSIONS: Final = range(1, 2)

MANIFEST, CATALOG = "manifest.json", "catalog.json"
_VERSION = re.compile(r"https://schemas\.getdbt\.com/dbt/([a-z-]+)/v(\d{1,3})\.json")
_ROW_COUNTS = frozenset({"row_count", "num_rows", "rows", "rowcount"})
_METADATA = frozenset({"dbt_schema_version"})
_NODE = ROWS | {
    "resource_type", "unique_id", "name", "description", "config", "columns", "tags", "meta",
    "depends_on", "group",
}  # fmt: skip
_RELATION = ROWS | {"metadata", "columns", "stats", "unique_id"}

Beat = Callable[[int], None]


def read_artifacts(files: Mapping[str, IO[bytes]], bench: Bench, *, beat: Beat) -> None:
    """Put every relation of the two files on the bench, or raise ArtifactRefused.

    `beat` hears of the bytes read so far and may raise to stop.
    """
    read = _read_manifest(files[UploadKind.MANIFEST], bench, beat)
    _read_catalog(files[UploadKind.CATALOG], bench, lambda count: beat(read + count))
    if bench.count() == 0:
        raise ArtifactRefused(
            "empty",
            _("There are no relations in this file. Run “dbt docs generate” after “dbt run”."),
            Whereabouts(CATALOG, "nodes"),
        )


def _read_manifest(stream: IO[bytes], bench: Bench, beat: Beat) -> int:
    wanted = {"metadata": _METADATA, "nodes": _NODE, "sources": _NODE}
    entries = Entries(stream, file=MANIFEST, wanted=wanted)
    _walk(entries, "manifest", take=lambda key, shape: _tell(key, shape, bench), beat=beat)
    return entries.feed.handed_out


def _read_catalog(stream: IO[bytes], bench: Bench, beat: Beat) -> None:
    wanted = {"metadata": _METADATA, "nodes": _RELATION, "sources": _RELATION}
    entries = Entries(stream, file=CATALOG, wanted=wanted)
    known = 0

    def add(key: str, shape: Shape) -> None:
        nonlocal known
        known += _add(key, shape, bench)

    _walk(entries, "catalog", take=add, beat=beat)
    if bench.count() and not known:
        said = _("None of these relations is in manifest.json: are both files of one project?")
        raise ArtifactRefused("mismatch", said, Whereabouts(CATALOG, "nodes"))


def _walk(
    entries: Entries, artifact: str, *, take: Callable[[str, Shape], None], beat: Beat
) -> None:
    """Give each entry to `take`; the version must be right wherever in the file it stands."""
    count = 0
    for section, key, values in entries:
        beat(entries.feed.handed_out)
        shape = Shape(values, file=entries.file, key=f"{section}.{key}" if key else section)
        if section == "metadata":
            _check_version(shape, artifact)
            continue
        count += 1
        if count > MOST_RELATIONS:
            shape.refuse("too-large", _("An import takes at most 200,000 entries."))
        _check_key(key, shape)
        take(key, shape)
    for part in ("metadata", "nodes"):
        if part not in entries.sections:
            said = _("This part is missing: is this really dbt's %(file)s?")
            missing = Shape({}, file=entries.file, key=part)
            missing.refuse("missing", said % {"file": entries.file})


def _check_version(shape: Shape, artifact: str) -> None:
    found = _VERSION.fullmatch(shape.line("dbt_schema_version", LONGEST_KEY))
    part = "dbt_schema_version"
    if found is None or found[1] != artifact:
        said = _("This is not dbt's %(file)s. Check that the files are in the right places.")
        shape.refuse("wrong-file", said % {"file": shape.file}, part)
    versions = MANIFEST_VERSIONS if artifact == "manifest" else CATALOG_VERSIONS
    if int(found[2]) not in versions:
        said = _("Version %(version)s is not known here; versions %(first)d to %(last)d are.")
        values = {"version": found[2], "first": versions[0], "last": versions[-1]}
        shape.refuse("wrong-version", said % values, part)


def _check_key(key: str, shape: Shape) -> None:
    Shape({"": key}, file=shape.file, key=shape.key).name("", LONGEST_KEY)
    if shape.holds("unique_id") and shape.name("unique_id", LONGEST_KEY) != key:
        shape.refuse("mismatch", _("This id differs from the key it stands under."), "unique_id")
    refuse_rows(shape)


def _tell(key: str, node: Shape, bench: Bench) -> None:
    """Keep what the manifest says about a relation; tests and analyses are none."""
    kind = node.line("resource_type") or key.split(".", 1)[0]
    if kind not in DBT_KINDS:
        return
    config = node.at("config")
    owner = _meta_owner(node) or _meta_owner(config) or node.line("group")
    told = {
        "kind": kind,
        "description": node.text("description", LONGEST_DESCRIPTION)
        or config.text("description", LONGEST_DESCRIPTION),
        "owner": owner,
        "tags": node.lines("tags", LONGEST_NAME, MOST_TAGS),
        "upstream": _upstream(node),
        "columns": _column_descriptions(node),
    }
    if not bench.tell(key, json.dumps(told)):
        node.refuse("duplicate", _("This id appears twice in the file."))


def _meta_owner(shape: Shape) -> str:
    """The owner where teams usually write it; `meta` is free, so other types are passed over."""
    meta = shape.raw("meta")
    if not isinstance(meta, dict) or not isinstance(meta.get("owner"), str):
        return ""
    return shape.at("meta").line("owner")


def _upstream(node: Shape) -> list[str]:
    keys = node.at("depends_on").lines("nodes", LONGEST_KEY, MOST_UPSTREAM)
    return [key for key in keys if key.split(".", 1)[0] in DBT_KINDS]


def _column_descriptions(node: Shape) -> dict[str, str]:
    found = {}
    for name, column in node.at("columns").parts():
        refuse_rows(column)
        found[name] = column.text("description", LONGEST_DESCRIPTION)
    return found


def _add(key: str, shape: Shape, bench: Bench) -> bool:
    """Join what the catalog says with what the manifest said. True when the manifest knew it."""
    text = bench.told(key)
    told: dict[str, Any] = json.loads(text) if text else {}
    kind = told.get("kind") or key.split(".", 1)[0]
    if kind not in DBT_KINDS:
        shape.refuse("wrong-type", _("This is no model, seed, snapshot or source."))
    metadata = shape.at("metadata")
    aggregates = _aggregates(shape)
    relation = Relation(
        unique_key=key,
        kind=kind,
        name=metadata.name("name"),
        database=metadata.line("database"),
        schema=metadata.line("schema"),
        relation_type=metadata.line("type"),
        description=told.get("description") or metadata.text("comment", LONGEST_DESCRIPTION),
        owner=told.get("owner") or metadata.line("owner"),
        row_count=_row_count(aggregates),
        tags=told.get("tags", []),
        upstream=told.get("upstream", []),
        columns=_columns(shape, told.get("columns", {})),
        aggregates=aggregates,
    )
    if not bench.add(relation):
        shape.refuse("duplicate", _("This id appears twice in the file."))
    return bool(told)


def _columns(shape: Shape, described: Mapping[str, str]) -> list[Column]:
    # Warehouses fold names; a description written as “id” belongs to the column “ID”.
    folded = {name.casefold(): text for name, text in described.items()}
    columns: dict[str, Column] = {}
    for key, part in shape.at("columns").parts():
        refuse_rows(part)
        name = part.name("name")
        if name in columns:
            part.refuse("duplicate", _("This column appears twice."), "name")
        comment = part.text("comment", LONGEST_DESCRIPTION)
        description = described.get(name) or folded.get(name.casefold()) or comment
        columns[name] = Column(
            name, part.text("type", LONGEST_TYPE), part.number("index"), description
        )
        if len(columns) > MOST_COLUMNS:
            part.refuse("too-large", _("A relation has at most 10,000 columns here."), key)
    return sorted(columns.values(), key=lambda column: (column.position, column.name))


def _aggregates(shape: Shape) -> list[Aggregate]:
    """The statistics that are meant to be shown. A list or object of values is refused."""
    found = []
    for name, part in shape.at("stats").parts():
        value = part.raw("value")
        if isinstance(value, dict | list):
            part.refuse("row-data", _("A statistic is a single value, never a list."), "value")
        if part.raw("include") is not True or value is None:
            continue
        plain = Shape({"value": str(value)}, file=part.file, key=part.key)
        label = part.line("label") or name
        description = part.text("description", LONGEST_DESCRIPTION)
        found.append(Aggregate(name[:LONGEST_NAME], label, plain.line("value"), description))
    return found


def _row_count(aggregates: list[Aggregate]) -> int | None:
    for aggregate in aggregates:
        digits = aggregate.value.removesuffix(".0")
        if aggregate.name.casefold() in _ROW_COUNTS and digits.isascii() and digits.isdigit():
            return min(int(digits[:19]), 2**63 - 1)
    return None
