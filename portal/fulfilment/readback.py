"""Counts what is left by another path than the eraser: the database's own list of tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection

from portal.tickets.models import Ticket
from portal.tickets.rules import Scope
from tenants.inventory import METADATA_CLASSES, class_of

_INTEGRATIONS = "catalog_integration"
_CATALOGUES = {
    "postgresql": "select table_name, column_name from information_schema.columns"
    " where table_schema = current_schema()",
    "sqlite": "select t.name, c.name from sqlite_master t, pragma_table_info(t.name) c"
    " where t.type = 'table'",
}


def tables_to_check() -> list[str]:
    """Every table of the database that holds rows of organizations and is not declared to stay.

    A table that no model knows is in this list: what nobody declared counts as left over.
    """
    stay = {
        model._meta.db_table  # noqa: SLF001
        for model in apps.get_models(include_auto_created=True)
        if class_of(model) not in METADATA_CLASSES
    }
    found = _columns()
    return sorted(t for t, names in found.items() if t not in stay and "organization_id" in names)


def rows_left(ticket: Ticket, table: str) -> int:
    """Rows of this table that the deletion should have taken, counted in plain SQL."""
    where, values = "organization_id = %s", [ticket.organization_id]
    if ticket.scope == Scope.INTEGRATION:
        column = _integration_column(table)
        if not column:
            return 0
        where, values = f"{where} AND {column} = %s", [*values, ticket.subject_id]
    if not connection.features.has_native_uuid_field:
        values = [value.hex for value in values]  # type: ignore[misc]
    name = connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {name} WHERE {where}", values)  # noqa: S608
        return int(cursor.fetchone()[0])


def keys_left(ticket: Ticket) -> int:
    """Keys of integrations that could still open something."""
    where = "organization_id = %s AND purpose = 'integration' AND wrapped IS NOT NULL"
    uuid = ticket.organization_id
    values: list[Any] = [uuid if connection.features.has_native_uuid_field else uuid.hex]
    if ticket.scope == Scope.INTEGRATION:
        where, values = f"{where} AND subject = %s", [*values, str(ticket.subject_id)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM audit_datakey WHERE {where}", values)  # noqa: S608
        return int(cursor.fetchone()[0])


def files_left(ticket: Ticket) -> int:
    """Files still on disk, however deep, below a folder that names what was to go."""
    goes = ticket.subject_id if ticket.scope == Scope.INTEGRATION else ticket.organization_id
    marks = {str(goes), goes.hex}
    return sum(1 for path in _files(settings.UPLOAD_FOLDER) if marks & set(path.parts))


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.rglob("*") if path.is_file())


def _integration_column(table: str) -> str:
    if table == _INTEGRATIONS:
        return "id"
    return "integration_id" if "integration_id" in _columns()[table] else ""


def _columns() -> dict[str, set[str]]:
    """Table -> its columns, as the database itself lists what this login can reach."""
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_CATALOGUES[connection.vendor])
        for table, column in cursor.fetchall():
            found.setdefault(table, set()).add(column)
    return found
