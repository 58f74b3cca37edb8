"""Counts what is left by another path than the eraser: the database's own list of tables."""

import re
from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection

from audit.identifiers import uuid7_floor
from portal.fulfilment.deletion.sought import sought_by
from portal.tickets.models import Step, Tally, Ticket
from portal.tickets.rules import CLASS_SUBJECTS, Scope
from tenants.inventory import KEPT_AT_CLOSING, METADATA_CLASSES, DataClass, class_of

_INTEGRATIONS, _PEOPLE = "catalog_integration", "tenants_membership"
_COLUMNS = {
    "postgresql": "select table_name, column_name, data_type from information_schema.columns"
    " where table_schema = current_schema()",
    "sqlite": "select t.name, c.name, c.type from sqlite_master t, pragma_table_info(t.name) c"
    " where t.type = 'table'",
}
# Which column of which table points to which, as the database enforces it.
_KEYS = {
    "postgresql": "select c.conrelid::regclass::text, a.attname, c.confrelid::regclass::text"
    " from pg_constraint c join pg_attribute a"
    " on a.attrelid = c.conrelid and a.attnum = any(c.conkey)"
    " where c.contype = 'f' and c.connamespace = current_schema()::regnamespace",
    "sqlite": 'select t.name, f."from", f."table" from sqlite_master t,'
    " pragma_foreign_key_list(t.name) f where t.type = 'table'",
}
_TEXTS = ("char", "varchar", "text", "json")


def tables_to_check(ticket: Ticket) -> list[str]:
    """Every table of the database that holds rows of organizations and is not declared to stay.

    A table that no model knows is in this list: what nobody declared counts as left over.
    """
    tables = [table for table, names in _columns().items() if "organization_id" in names]
    if ticket.scope == Scope.PERSON:
        return sorted(tables)
    if ticket.scope == Scope.DATA_CLASS:
        # What cannot be without one of its rows was counted with it.
        counted = set(Tally.objects.filter(ticket=ticket).values_list("store", flat=True))
        return sorted(set(tables) & (_tables_of({CLASS_SUBJECTS[ticket.subject_id]}) | counted))
    going = METADATA_CLASSES
    if ticket.scope == Scope.CLOSE:
        going = frozenset(DataClass) - KEPT_AT_CLOSING
    return sorted(set(tables) - _tables_of(set(DataClass) - going))


def _tables_of(classes: Collection[DataClass]) -> set[str]:
    return {
        model._meta.db_table  # noqa: SLF001
        for model in apps.get_models(include_auto_created=True)
        if class_of(model) in classes
    }


def rows_left(ticket: Ticket, table: str) -> int:
    """Rows of this table that the deletion should have taken, counted in plain SQL."""
    where, values = "organization_id = %s", [ticket.organization_id]
    match Scope(ticket.scope):
        case Scope.PERSON:
            return _of_the_person(ticket, table)
        case Scope.INTEGRATION:
            column = _integration_column(table)
            if not column:
                return 0
            where, values = f"{where} AND {column} = %s", [*values, ticket.subject_id]
        case Scope.DATA_CLASS if ticket.started_at:
            where, values = f"{where} AND id < %s", [*values, uuid7_floor(ticket.started_at)]
        case _:
            pass
    return _count(table, where, values)


def _of_the_person(ticket: Ticket, table: str) -> int:
    """Rows that are the person's, point to them, or say their address in any column of text."""
    own = [column for name, column, goal in _keys() if name == table and goal == _PEOPLE]
    if table == _PEOPLE:
        own.append("id")
    pointing = sum(
        _count(
            table,
            f"organization_id = %s AND {column} = %s",
            [ticket.organization_id, ticket.subject_id],
        )
        for column in own
    )
    return pointing + _mentions(ticket, table)


def _mentions(ticket: Ticket, table: str) -> int:
    sought = sought_by(ticket)
    if sought is None or table in _tables_of(METADATA_CLASSES):
        # What the customer's sources say is the workspace's data, whomever it names.
        return 0
    # One address may end with another: the whole one is meant.
    whole = re.compile(rf"(?<![\w.+-]){re.escape(sought.address)}(?![\w-]|\.\w)", re.IGNORECASE)
    texts = [c for c, kind in _columns()[table].items() if kind.lower().startswith(_TEXTS)]
    return sum(
        1 for text in _like(ticket, table, texts, needle=sought.address) if whole.search(text)
    )


def _like(ticket: Ticket, table: str, texts: list[str], *, needle: str) -> Iterator[str]:
    name = connection.ops.quote_name(table)
    for column in map(connection.ops.quote_name, texts):
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT cast({column} AS text) FROM {name} WHERE organization_id = %s"  # noqa: S608
                f" AND lower(cast({column} AS text)) LIKE %s",
                [_as_value(ticket.organization_id), f"%{needle.lower()}%"],
            )
            yield from (str(row[0]) for row in cursor.fetchall())


def keys_left(ticket: Ticket) -> int:
    """Keys in scope that could still open something."""
    if ticket.scope == Scope.DATA_CLASS:
        return 0
    where, values = "organization_id = %s AND wrapped IS NOT NULL", [ticket.organization_id]
    match Scope(ticket.scope):
        case Scope.PERSON:
            sought = sought_by(ticket)
            ids = sought.ids if sought else (str(ticket.subject_id),)
            marks = ", ".join(["%s"] * len(ids))
            where = f"{where} AND purpose = 'person' AND subject IN ({marks})"
            return _count("audit_datakey", where, [*values, *ids])
        case Scope.INTEGRATION:
            where = f"{where} AND purpose = 'integration' AND subject = %s"
            return _count("audit_datakey", where, [*values, str(ticket.subject_id)])
        case Scope.ALL_METADATA:
            where = f"{where} AND purpose = 'integration'"
        case _:
            pass
    return _count("audit_datakey", where, values)


def accounts_left(ticket: Ticket) -> int:
    """What is still there of the accounts that were erased, in every table that points to one."""
    step = Step.objects.filter(ticket=ticket, name="accounts").first()
    gone = [UUID(user) for user in step.cursor.get("gone", [])] if step else []
    places = [(table, column) for table, column, goal in _keys() if goal == "accounts_user"]
    return sum(
        _count(table, f"{column} = %s", [user])
        for user in gone
        for table, column in [("accounts_user", "id"), *places]
    )


def _integration_column(table: str) -> str:
    if table == _INTEGRATIONS:
        return "id"
    return "integration_id" if "integration_id" in _columns()[table] else ""


def _count(table: str, where: str, values: list[Any]) -> int:
    name = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {name} WHERE {where}",  # noqa: S608
            [_as_value(value) for value in values],
        )
        return int(cursor.fetchone()[0])


def _as_value(value: Any) -> Any:
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value


def _columns() -> dict[str, dict[str, str]]:
    """Table -> its columns and their types, as the database lists what this login can reach."""
    found: dict[str, dict[str, str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS[connection.vendor])
        for table, column, kind in cursor.fetchall():
            found.setdefault(table, {})[column] = str(kind)
    return found


def _keys() -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(_KEYS[connection.vendor])
        return [(str(table), str(column), str(goal)) for table, column, goal in cursor.fetchall()]
