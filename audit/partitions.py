"""Monthly partitions of the event table, on PostgreSQL; elsewhere it is one plain table."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, migrations

from audit.identifiers import uuid7_floor

MONTHS_AHEAD: Final = 3
FUNCTION: Final = "audit_make_partition"

# Runs with its owner's right to make tables, and can make nothing else than the next month.
_CREATE_FUNCTION: Final = f"""
CREATE FUNCTION {FUNCTION}(label text, low uuid, high uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF label !~ '^[0-9]{{6}}$' THEN
    RAISE EXCEPTION 'not a month: %', label;
  END IF;
  EXECUTE format(
    'CREATE TABLE IF NOT EXISTS audit_event_%s PARTITION OF audit_event '
    'FOR VALUES FROM (%L) TO (%L)', label, low, high);
END $$
"""


class CreatePartitionedModel(migrations.CreateModel):
    """CreateModel whose table is partitioned by its UUIDv7 id where the engine can do that."""

    def database_forwards(  # noqa: PLR0917 - Django's signature
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        schema_editor.sql_create_table += " PARTITION BY RANGE (id)"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            del schema_editor.sql_create_table


def install(_apps: Any, schema_editor: Any) -> None:
    """The default partition, which a forgotten month falls into, and the function for the rest."""
    if schema_editor.connection.vendor != "postgresql":
        return
    schema_editor.execute("CREATE TABLE audit_event_default PARTITION OF audit_event DEFAULT")
    schema_editor.execute(_CREATE_FUNCTION, params=None)


def uninstall(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP FUNCTION {FUNCTION}(text, uuid, uuid)")


def make_partitions(*, at: datetime, months: int = MONTHS_AHEAD) -> list[str]:
    """Make the coming months' partitions where they are missing. Returns the new months."""
    if connection.vendor != "postgresql":
        return []
    start = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    made = []
    for _ in range(months):
        # The month of `at` may have rows in the default partition already: leave it there.
        start = _next_month(start)
        label = start.strftime("%Y%m")
        if not _exists(label):
            _make(label, start)
            made.append(label)
    return made


def _make(label: str, start: datetime) -> None:
    bounds = [str(uuid7_floor(start)), str(uuid7_floor(_next_month(start)))]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {FUNCTION}(%s, %s::uuid, %s::uuid)", [label, *bounds])


def _exists(label: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"audit_event_{label}"])
        return cursor.fetchone()[0] is not None


def _next_month(start: datetime) -> datetime:
    return (start + timedelta(days=32)).replace(day=1)
