"""Tables, views and columns out of the system catalogue, row by row, in flat memory."""

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple, cast

from django.utils.translation import gettext as _
from psycopg import sql

from portal.catalog.connections import PostgresPlace
from portal.catalog.ingest.bench import Bench
from portal.catalog.ingest.naming import distinct, key_of, tidy, tidy_text
from portal.catalog.ingest.postgresql.connecting import Line
from portal.catalog.ingest.postgresql.rights import found_rights
from portal.catalog.ingest.relations import Aggregate, Column, Relation
from portal.catalog.refusals import SourceRefused
from portal.catalog.rules import (
    LONGEST_DESCRIPTION,
    LONGEST_TYPE,
    MOST_COLUMNS,
    MOST_RELATIONS,
    ResourceKind,
)

Beat = Callable[[int], None]
FETCHED_AT_ONCE: Final = 500
KINDS: Final = {
    "r": (ResourceKind.TABLE, "table"),
    "p": (ResourceKind.TABLE, "partitioned table"),
    "f": (ResourceKind.TABLE, "foreign table"),
    "v": (ResourceKind.VIEW, "view"),
    "m": (ResourceKind.VIEW, "materialized view"),
}
# Schemas the login may enter; partitions belong to their table. No table is touched for this.
_WHERE = sql.SQL("""
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f', 'v', 'm') and not c.relispartition
      and n.nspname <> 'information_schema' and left(n.nspname, 3) <> 'pg_'
      and has_schema_privilege(n.oid, 'usage')
      and (%(all)s or n.nspname = any(%(schemas)s)) and n.nspname <> all(%(without)s)
""")
_COUNT = sql.SQL("select count(*) {where}").format(where=_WHERE)
_COLUMNS = sql.SQL("""
    select r.oid::int8, r.nspname, r.relname, r.relkind, r.reltuples, r.rolname, r.comment,
           a.attname, format_type(a.atttypid, a.atttypmod), col_description(r.oid, a.attnum)
    from (
        select c.oid, n.nspname, c.relname, c.relkind::text, c.reltuples,
               pg_get_userbyid(c.relowner) as rolname,
               obj_description(c.oid, 'pg_class') as comment
        {where}
    ) r left join pg_attribute a
        on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
    order by r.nspname, r.relname, r.oid, a.attnum
""").format(where=_WHERE)


class Told(NamedTuple):
    """One line of the system catalogue: a relation, and one of its columns."""

    oid: int
    schema: str
    name: str
    kind: str
    estimate: float
    owner: str | None
    comment: str | None
    column: str | None
    type: str | None
    column_comment: str | None


def read_database(line: Line, place: PostgresPlace, bench: Bench, *, beat: Beat) -> None:
    """Put every table and view on the bench, and what the login may do too much.

    `beat` hears of the relations read so far and may raise to stop.
    """
    with line.bounded():
        bench.warnings = found_rights(line.connection)
    bench.expected = count_relations(line, place)
    for number, relation in enumerate(relations(_lines(line, place, beat), place.database)):
        beat(number)
        bench.add(relation)


def count_relations(line: Line, place: PostgresPlace) -> int:
    """How many tables and views there are to read. Raises SourceRefused for none and too many."""
    with line.bounded():
        found = _count(line, place)
    _refuse_sizes(found)
    return found


def _count(line: Line, place: PostgresPlace) -> int:
    row = line.connection.execute(_COUNT, _narrowed(place)).fetchone()
    return int(row[0]) if row else 0


def _refuse_sizes(found: int) -> None:
    if not found:
        said = _(
            "The login sees no table in these schemas. Grant it USAGE on them, "
            "or check which schemas are named in the settings."
        )
        raise SourceRefused("nothing-visible", said)
    if found > MOST_RELATIONS:
        said = _("An integration takes at most 200,000 tables. Name fewer schemas in the settings.")
        raise SourceRefused("too-large", said)


def _narrowed(place: PostgresPlace) -> dict[str, Any]:
    return {
        "all": not place.schemas,
        "schemas": place.schemas,
        "without": place.without_schemas,
    }


def _lines(line: Line, place: PostgresPlace, beat: Beat) -> Iterator[Told]:
    """Through a cursor on the server; each portion is bounded, and a pause is seen between two."""
    with line.connection.cursor(name="gatehouse") as cursor:
        with line.bounded():
            cursor.execute(_COLUMNS, _narrowed(place))
        while True:
            with line.bounded():
                part = cursor.fetchmany(FETCHED_AT_ONCE)
            beat(0)
            yield from map(Told._make, part)
            if len(part) < FETCHED_AT_ONCE:
                return


def relations(lines: Iterable[Told], database: str) -> Iterator[Relation]:
    """The lines of each relation put together. They must come ordered by relation."""
    for _oid, group in groupby(lines, key=itemgetter(0)):
        yield _relation(list(group), database)


def _relation(told: list[Told], database: str) -> Relation:
    first = told[0]
    kind, label = KINDS[first.kind]
    estimate = int(first.estimate) if first.estimate >= 0 and first.kind in "rpm" else None
    columns = [one for one in told if one.column is not None][:MOST_COLUMNS]
    names = distinct(cast("str", one.column) for one in columns)
    return Relation(
        unique_key=key_of(first.schema, first.name),
        kind=kind,
        name=tidy(first.name),
        database=tidy(database),
        schema=tidy(first.schema),
        relation_type=label,
        description=tidy_text(first.comment, LONGEST_DESCRIPTION),
        owner=tidy(first.owner or ""),
        row_count=estimate,
        columns=[
            Column(
                name,
                tidy(one.type or "", LONGEST_TYPE),
                position,
                tidy_text(one.column_comment, LONGEST_DESCRIPTION),
            )
            for position, (name, one) in enumerate(zip(names, columns, strict=True), start=1)
        ],
        aggregates=_estimates(estimate),
    )


def _estimates(estimate: int | None) -> list[Aggregate]:
    if estimate is None:
        return []
    said = _("What the server believes, from its last analysis.")
    return [Aggregate("row_estimate", _("Rows, estimated"), str(estimate), said)]
