"""The pieces of a deletion as plain SQL: one table at a time, in the order of its own index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models

from audit.identifiers import uuid7_floor
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope
from portal.tickets.stores import BY_ADDRESS, INTEGRATION, Store, path_to, stores_of
from tenants.inventory import METADATA_CLASSES, class_of
from tenants.models import Membership
from tenants.scoping import TenantModel

CHUNK = 5000
FIRST = UUID(int=0)
_BY_PATH = frozenset({Scope.INTEGRATION, Scope.PERSON})


@dataclass(frozen=True, slots=True)
class Segment:
    """The rows of one table that belong to one organization, often to one integration or person."""

    table: str
    where: str
    values: tuple[object, ...]

    def ids_after(self, after: UUID, limit: int) -> list[UUID]:
        rows = self._fetch(
            f"SELECT id FROM {self.table} WHERE {self.where} AND id > %s ORDER BY id LIMIT %s",  # noqa: S608
            after,
            limit,
        )
        return [as_uuid(row[0]) for row in rows]

    def last_of_chunk(self, after: UUID) -> UUID | None:
        """The id that ends the next chunk; None when the rest fits into one."""
        rows = self._fetch(
            f"SELECT id FROM {self.table} WHERE {self.where} AND id > %s"  # noqa: S608
            " ORDER BY id LIMIT 1 OFFSET %s",
            after,
            CHUNK - 1,
        )
        return as_uuid(rows[0][0]) if rows else None

    def delete(self, after: UUID, up_to: UUID | None) -> int:
        ceiling, bound = (" AND id <= %s", [up_to]) if up_to else ("", [])
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {self.table} WHERE {self.where} AND id > %s{ceiling}",  # noqa: S608
                as_values([*self.values, after, *bound]),
            )
            return int(cursor.rowcount)

    def _fetch(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, as_values([*self.values, *values]))
            rows: list[tuple[object, ...]] = cursor.fetchall()
            return rows


def stores_in(ticket: Ticket) -> list[tuple[Store, list[Segment]]]:
    """Every store in scope with its pieces, children before parents, integrations last.

    The list of stores is the same however far the erasure is; a store's pieces may be none.
    """
    stores = stores_of(ticket.scope, ticket.subject_id)
    if ticket.scope in _BY_PATH:
        return [
            (s, [_of(ticket, s, path, goal_id=ticket.subject_id) for path in s.paths])
            for s in stores
        ]
    goal = apps.get_model(INTEGRATION)
    within = [s.model for s in stores if class_of(s.model) in METADATA_CLASSES]
    integrations = list(goal.objects.order_by("pk").values_list("pk", flat=True))
    found: list[tuple[Store, list[Segment]]] = []
    for store in stores:
        by_one = store.model in within and store.model is not goal
        path = path_to(goal, store.model, [*within, goal]) if by_one else ""
        pieces = [_of(ticket, store, path, goal_id=pk) for pk in integrations] if path else []
        found.append((store, pieces if path else [_whole(ticket, store)]))
    return found


def _whole(ticket: Ticket, store: Store) -> Segment:
    where, values = "organization_id = %s", (ticket.organization_id,)
    if ticket.scope == Scope.DATA_CLASS and ticket.started_at:
        # What goes on being written is not frozen: only what was there at the start goes.
        floor = uuid7_floor(ticket.started_at)
        return Segment(quoted(store.name), f"{where} AND id < %s", (*values, floor))
    return Segment(quoted(store.name), where, values)


def _of(ticket: Ticket, store: Store, path: str, *, goal_id: UUID) -> Segment:
    where = f"organization_id = %s AND {_condition(store.model, path.split('__'))}"
    return Segment(quoted(store.name), where, (ticket.organization_id, goal_id))


def _condition(model: type[models.Model], path: Sequence[str]) -> str:
    """The look-up path as nested SQL: a column of its own, or of the row it points to."""
    step, *rest = path
    if not rest:
        return _last_condition(step)
    field = model._meta.get_field(step)  # noqa: SLF001
    parent = field.related_model
    if not (isinstance(parent, type) and issubclass(parent, TenantModel)):
        raise TypeError(f"{model} is not tied to the subject by {step}")
    table = quoted(parent._meta.db_table)  # noqa: SLF001
    column = quoted(str(getattr(field, "column", step)))
    return f"{column} IN (SELECT id FROM {table} WHERE {_condition(parent, rest)})"  # noqa: S608


def _last_condition(step: str) -> str:
    if not step.startswith(BY_ADDRESS):
        return "id = %s" if step == "pk" else f"{quoted(step)} = %s"
    people = quoted(Membership._meta.db_table)  # noqa: SLF001
    column = quoted(step.removeprefix(BY_ADDRESS))
    return f"lower({column}) IN (SELECT lower(email) FROM {people} WHERE id = %s)"  # noqa: S608


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def as_values(values: Sequence[Any]) -> list[Any]:
    """UUIDs the way this database stores them."""
    if connection.features.has_native_uuid_field:
        return list(values)
    return [value.hex if isinstance(value, UUID) else value for value in values]


def as_uuid(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
