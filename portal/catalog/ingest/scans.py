"""Understands results of data quality scans as Soda writes them: checks of tables, by outcome."""

import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import IO, Any, Final

from django.utils.translation import gettext as _

from portal.catalog.ingest.bench import Bench
from portal.catalog.ingest.documents import FILE, Beat, require_parts
from portal.catalog.ingest.reading import Entries, Extras
from portal.catalog.ingest.relations import Aggregate, Column, Relation
from portal.catalog.ingest.rowdata import ROWS, refuse_rows
from portal.catalog.ingest.shape import Shape
from portal.catalog.rules import (
    LONGEST_DESCRIPTION,
    LONGEST_KEY,
    LONGEST_NAME,
    MOST_RELATIONS,
    Outcome,
    ResourceKind,
)

MOST_CHECKS = 10_000
LONGEST_FIGURE = 64
_CHECK: Final = ROWS | {
    "identity", "name", "type", "definition", "dataSource", "table", "column", "outcome",
    "diagnostics", "outcomeReasons",
}  # fmt: skip
# The time of the measurement: of the data, else of the scan.
_INSTANTS: Final = ("dataTimestamp", "scanEndTimestamp", "scanStartTimestamp")
# What a profile holds are values from rows.
_ROW_SECTIONS: Final = ROWS | {"profiling"}


def read_scan(stream: IO[bytes], bench: Bench, *, beat: Beat) -> None:
    """Put every scanned table on the bench, or raise ArtifactRefused.

    A scan says nothing of tables that it did not look at: those stay as they are.
    """
    bench.is_whole = False
    facts = frozenset({*_INSTANTS, "defaultDataSource"})
    extras = Extras(lists=frozenset({"checks"}), facts=facts, rows=_ROW_SECTIONS)
    entries = Entries(stream, file=FILE, wanted={"checks": _CHECK}, extras=extras)
    tables = _Tables(bench)
    for section, key, values in entries:
        beat(entries.feed.handed_out)
        tables.take(Shape(values, file=FILE, key=f"{section}.{key}"))
    require_parts(entries, "checks")
    facts_of_scan = Shape(entries.facts, file=FILE, key="")
    at = _measured_at(facts_of_scan)
    source = facts_of_scan.line("defaultDataSource")
    for relation in tables.relations(at, source):
        bench.add(relation)


class _Tables:
    """Checks by table, kept on the bench until the time of the scan is known."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._sizes: dict[tuple[str, str], int] = {}

    def take(self, shape: Shape) -> None:
        refuse_rows(shape)
        refuse_rows(shape.at("diagnostics"))
        table = (shape.line("dataSource"), shape.name("table"))
        place = self._sizes.get(table, 0)
        self._refuse_too_many(shape, place)
        check = _check(shape)
        if not self._bench.tell(_key(*table, f"id:{check['name']}"), "-"):
            shape.refuse("duplicate", _("This check appears twice in the document."))
        self._bench.tell(_key(*table, str(place)), json.dumps(check))
        self._sizes[table] = place + 1

    def _refuse_too_many(self, shape: Shape, place: int) -> None:
        if place >= MOST_CHECKS or len(self._sizes) >= MOST_RELATIONS:
            shape.refuse("too-large", _("A scan has at most 10,000 checks of a table here."))

    def relations(self, at: datetime, default: str) -> Iterator[Relation]:
        for (source, table), count in self._sizes.items():
            told = [self._bench.told(_key(source, table, str(place))) for place in range(count)]
            checks = [json.loads(text) for text in told if text]
            columns = dict.fromkeys(check["column"] for check in checks if check["column"])
            yield Relation(
                unique_key=_short(_key(source or default, table), LONGEST_KEY),
                kind=ResourceKind.TABLE,
                name=table,
                database=source or default,
                columns=[Column(name, "", place, "") for place, name in enumerate(columns, 1)],
                aggregates=[_aggregate(check, at) for check in checks],
            )


def _key(*parts: str) -> str:
    # Names may hold any sign, so that joining them with one would not keep them apart.
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else sha256(text.encode()).hexdigest()


def _check(shape: Shape) -> dict[str, Any]:
    outcome = shape.raw("outcome")
    if outcome is None:
        outcome = Outcome.ERROR  # Soda leaves it empty where a check could not be evaluated
    if outcome not in Outcome.values:
        said = _("Known outcomes are %(known)s.") % {"known": ", ".join(Outcome.values)}
        shape.refuse("wrong-type", said, "outcome")
    label = shape.name("name", LONGEST_DESCRIPTION)
    identity = shape.line("identity", LONGEST_KEY) or label
    return {
        "name": identity
        if len(identity) <= LONGEST_NAME
        else sha256(identity.encode()).hexdigest(),
        "label": label[:LONGEST_NAME],
        "column": shape.line("column"),
        "definition": shape.text("definition", LONGEST_DESCRIPTION),
        "value": _value(shape.at("diagnostics")),
        "outcome": str(outcome),
    }


def _value(diagnostics: Shape) -> str:
    """The measured figure. A text or a list would be data."""
    value = diagnostics.raw("value")
    if value is None:
        return ""
    if isinstance(value, bool | str | list | dict):
        diagnostics.refuse("row-data", _("A measured value is a number here."), "value")
    return str(value)[:LONGEST_FIGURE]


def _aggregate(check: dict[str, Any], at: datetime) -> Aggregate:
    return Aggregate(
        name=check["name"],
        label=check["label"],
        value=check["value"],
        description=check["definition"],
        outcome=check["outcome"],
        measured_at=at.isoformat(),
    )


def _measured_at(facts: Shape) -> datetime:
    stated = (part for part in _INSTANTS if facts.raw(part) is not None)
    part = next(stated, None)
    if part is None:
        facts.refuse("missing", _("The time of the scan is missing."), _INSTANTS[0])
    return facts.instant(part)
