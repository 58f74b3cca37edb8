"""Makes an integration hold exactly what is on the bench, touching only what differs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Count, Q, Sum

from portal.catalog.ingest.bench import Batch, Bench
from portal.catalog.ingest.inserting import Value, insert
from portal.catalog.ingest.relations import Aggregate, Column, Relation
from portal.catalog.models import (
    Dependency,
    Field,
    Integration,
    Metric,
    Resource,
    TeamResourceAccess,
    Term,
)
from portal.catalog.rules import LONGEST_TERM, sort_key, terms

WRITTEN_AT_ONCE = 1000
SCANNED_AT_ONCE = 2000
_PLAIN = (
    "kind", "name", "database", "schema", "relation_type", "description", "owner", "row_count",
    "tags",
)  # fmt: skip
_STORED = (*_PLAIN, "sort_key", "field_count", "digest")
Pairs = Sequence[tuple[Resource, Relation]]


@dataclass(slots=True)
class Counts:
    """What an import found and changed."""

    resources: int = 0
    fields: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0

    @classmethod
    def of(cls, integration: Integration) -> "Counts":
        """What the integration holds now."""
        totals = Resource.objects.filter(integration=integration).aggregate(
            resources=Count("pk"), fields=Sum("field_count")
        )
        return cls(resources=totals["resources"], fields=totals["fields"] or 0)

    def as_json(self) -> dict[str, int]:
        return asdict(self)


def apply(integration: Integration, bench: Bench) -> Counts:
    """Add, change and remove resources. Must run inside a transaction: readers see all or none."""
    counts = Counts()
    if bench.is_whole:
        counts.removed = _remove_missing(integration, bench)
    for batch in bench.batches():
        _apply_batch(integration, batch, counts)
    held = Counts.of(integration)
    counts.resources, counts.fields = held.resources, held.fields
    return counts


def add_new(integration: Integration, batch: Batch) -> None:
    """Add relations that are known not to be there yet."""
    pairs = [(Resource(integration=integration, unique_key=r.unique_key), r) for r, _ in batch]
    for (row, relation), (_relation, digest) in zip(pairs, batch, strict=True):
        _fill(row, relation, digest)
    _add(pairs)


def _remove_missing(integration: Integration, bench: Bench) -> int:
    """Resources the source has no more, with everything that hangs on them."""
    removed = 0
    keys = Resource.objects.filter(integration=integration).values_list("unique_key", flat=True)
    gone = bench.missing(keys.iterator(chunk_size=SCANNED_AT_ONCE))
    for start in range(0, len(gone), WRITTEN_AT_ONCE):
        part = Q(integration=integration, unique_key__in=gone[start : start + WRITTEN_AT_ONCE])
        ids = list(Resource.objects.filter(part).values_list("pk", flat=True))
        for model in (Term, Dependency, Metric, Field, TeamResourceAccess):
            _rows(model).filter(resource__in=ids).delete()
        Resource.objects.filter(pk__in=ids).delete()
        removed += len(ids)
    return removed


def _apply_batch(integration: Integration, batch: Batch, counts: Counts) -> None:
    keys = [relation.unique_key for relation, _digest in batch]
    rows = Resource.objects.filter(integration=integration, unique_key__in=keys)
    known = {row.unique_key: row for row in rows}
    new: list[tuple[Resource, Relation]] = []
    changed: list[tuple[Resource, Relation]] = []
    for relation, digest in batch:
        row = known.get(relation.unique_key)
        if row is None:
            row = Resource(integration=integration, unique_key=relation.unique_key)
            new.append((row, relation))
        elif row.digest != digest:
            changed.append((row, relation))
        else:
            counts.unchanged += 1
            continue
        _fill(row, relation, digest)
    _add(new)
    _change(changed)
    counts.added += len(new)
    counts.changed += len(changed)


def _fill(row: Resource, relation: Relation, digest: str) -> None:
    for name in _PLAIN:
        setattr(row, name, getattr(relation, name))
    row.sort_key = sort_key(relation.name)
    row.field_count = len(relation.columns)
    row.digest = digest


def _add(pairs: Pairs) -> None:
    Resource.objects.bulk_create([row for row, _ in pairs], batch_size=WRITTEN_AT_ONCE)
    _add_fields((row, column) for row, told in pairs for column in told.columns)
    _add_details(pairs)


def _change(pairs: Pairs) -> None:
    """Rows keep their ids, so that what teams were given stays with them."""
    rows = [row for row, _ in pairs]
    Resource.objects.bulk_update(rows, _STORED, batch_size=WRITTEN_AT_ONCE)
    for model in (Term, Dependency, Metric):
        _rows(model).filter(resource__in=rows).delete()
    _add_details(pairs)
    stored: dict[Any, dict[str, Field]] = {row.pk: {} for row in rows}
    for field in Field.objects.filter(resource__in=rows):
        stored[field.resource_id][field.name] = field
    for row, relation in pairs:
        _change_fields(row, relation.columns, stored[row.pk])
        TeamResourceAccess.objects.filter(resource=row).update(sort_key=row.sort_key)


def _change_fields(row: Resource, columns: list[Column], stored: Mapping[str, Field]) -> None:
    wanted = {column.name: column for column in columns}
    Field.objects.filter(
        pk__in=[field.pk for name, field in stored.items() if name not in wanted]
    ).delete()
    changed = []
    for name in stored.keys() & wanted.keys():
        field, column = stored[name], wanted[name]
        if (field.type, field.position, field.description) != _facts(column):
            field.type, field.position, field.description = _facts(column)
            changed.append(field)
    Field.objects.bulk_update(changed, ("type", "position", "description"))
    _add_fields((row, column) for name, column in wanted.items() if name not in stored)


def _facts(column: Column) -> tuple[str, int, str]:
    return column.type, column.position, column.description


def _add_fields(columns: Iterable[tuple[Resource, Column]]) -> None:
    names = ("integration_id", "resource_id", "name", "type", "position", "description")
    insert(
        Field,
        names,
        ((row.integration_id, row.pk, column.name, *_facts(column)) for row, column in columns),
    )


def _add_details(pairs: Pairs) -> None:
    """What is found, aggregated and depended on, anew for each of the rows."""
    insert(Term, ("integration_id", "resource_id", "term", "is_tag"), _terms(pairs))
    insert(
        Metric,
        (
            "integration_id",
            "resource_id",
            "name",
            "label",
            "value",
            "description",
            "outcome",
            "measured_at",
        ),
        (_measured(row, each) for row, relation in pairs for each in relation.aggregates),
    )
    insert(
        Dependency,
        ("integration_id", "resource_id", "upstream_key"),
        ((row.integration_id, row.pk, key) for row, told in pairs for key in told.upstream),
    )


def _measured(row: Resource, each: Aggregate) -> tuple[Value, ...]:
    instant = datetime.fromisoformat(each.measured_at) if each.measured_at else None
    return (
        row.integration_id, row.pk, each.name, each.label, each.value, each.description,
        each.outcome, connection.ops.adapt_datetimefield_value(instant),
    )  # fmt: skip


def _terms(pairs: Pairs) -> Iterator[tuple[UUID, UUID, str, bool]]:
    for row, relation in pairs:
        for term in sorted(_words_of(relation)):
            yield row.integration_id, row.pk, term, False
        for tag in sorted({sort_key(tag)[:LONGEST_TERM] for tag in relation.tags}):
            yield row.integration_id, row.pk, tag, True


def _words_of(relation: Relation) -> set[str]:
    names = [relation.name, relation.schema, *(column.name for column in relation.columns)]
    texts = [relation.description, relation.owner, *relation.tags]
    return terms(names, [*texts, *(column.description for column in relation.columns)])


def _rows(model: type[models.Model]) -> Any:
    return model.objects  # type: ignore[attr-defined]
