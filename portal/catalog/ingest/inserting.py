"""Plain inserts for rows that come by the hundred thousand; the ORM costs more than the database.

An import holds the write lock of an embedded database, so its speed is everybody's waiting time.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import connection, models

from audit.identifiers import new_id
from tenants.scoping import TenantModel, current_organization_id

AT_ONCE = 2_000
Value = UUID | str | int | bool | datetime | None


def insert(
    model: type[TenantModel], columns: Sequence[str], rows: Iterable[tuple[Value, ...]]
) -> None:
    """Insert rows of the open organization; ids are made here."""
    statement = _statement(model, ("id", "organization_id", *columns))
    # SQLite keeps ids as 32 digits; PostgreSQL takes them as they are.
    as_text = not connection.features.has_native_uuid_field
    organization_id = current_organization_id()
    complete = ((new_id(), organization_id, *row) for row in rows)
    prepared = map(_spelled, complete) if as_text else complete
    with connection.cursor() as cursor:
        while part := list(islice(prepared, AT_ONCE)):
            cursor.executemany(statement, part)


def _statement(model: type[models.Model], columns: Sequence[str]) -> str:
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001
    places = ", ".join("%s" for _name in columns)
    return f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608  (names from models)


def _spelled(row: tuple[Value, ...]) -> tuple[Value, ...]:
    return tuple(value.hex if isinstance(value, UUID) else value for value in row)
