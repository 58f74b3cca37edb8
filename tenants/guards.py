"""The walls inside the database, installed from the models: policies, grants, append-only rules.

Idempotent; run by `manage.py protect` after every `migrate`, because SQLite drops triggers
when it remakes a table. PostgreSQL: row-level security for a role that owns nothing, and foreign
keys that cannot leave their organization. SQLite: append-only triggers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from audit.partitions import FUNCTION
from tenants.models import Organization
from tenants.scoping import TenantModel

APPEND_ONLY = "gatehouse_append_only"
OWN, SYSTEM = "gatehouse_own", "gatehouse_system"


@dataclass(frozen=True, slots=True)
class Guard:
    """What one table must have: its organization's column, and whether it only grows."""

    table: str
    organization_column: str
    is_append_only: bool
    has_platform_rows: bool = False


def guards() -> list[Guard]:
    """One for each model that belongs to an organization, by the models as they are now."""
    found = [
        Guard(
            table=m._meta.db_table,  # noqa: SLF001
            organization_column=column,
            is_append_only=bool(getattr(m, "append_only", False)),
            has_platform_rows=bool(getattr(m, "has_platform_rows", False)),
        )
        for m in apps.get_models(include_auto_created=True)
        if (column := _organization_column(m))
    ]
    return sorted(found, key=lambda guard: guard.table)


def install(*, role: str = "") -> list[Guard]:
    """Install every guard. On PostgreSQL `role` is the application's login, and must exist."""
    wanted = guards()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _install_postgresql(cursor, wanted, role)
        else:
            for guard in wanted:
                _sqlite_triggers(cursor, guard)
    return wanted


def installed() -> set[str]:
    """Tables whose guard is in the database now; a test compares this with `guards`."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "select c.relname from pg_class c join pg_policy p on p.polrelid = c.oid"
                " where c.relrowsecurity group by c.relname having count(*) = 2"
            )
        else:
            cursor.execute(
                "select tbl_name from sqlite_master where type = 'trigger' and name like %s"
                " group by tbl_name having count(*) = 2",
                [f"{APPEND_ONLY}%"],
            )
        return {row[0] for row in cursor.fetchall()}


@contextmanager
def lifted() -> Iterator[None]:
    """Without the append-only triggers of SQLite, for the flush of a test database."""
    if connection.vendor == "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        for guard in guards():
            for verb in ("update", "delete"):
                cursor.execute(f'DROP TRIGGER IF EXISTS "{APPEND_ONLY}_{guard.table}_{verb}"')
    try:
        yield
    finally:
        install()


def _organization_column(model: type[models.Model]) -> str:
    if model is Organization:
        return "id"
    if issubclass(model, TenantModel) or "organization_id" in {
        field.attname
        for field in model._meta.concrete_fields  # noqa: SLF001
    }:
        return "organization_id"
    return ""


def _sqlite_triggers(cursor: CursorWrapper, guard: Guard) -> None:
    if not guard.is_append_only:
        return
    for verb in ("update", "delete"):
        cursor.execute(
            f'CREATE TRIGGER IF NOT EXISTS "{APPEND_ONLY}_{guard.table}_{verb}"'
            f' BEFORE {verb.upper()} ON "{guard.table}"'
            " BEGIN SELECT RAISE(ABORT, 'this table only grows'); END"
        )


def _install_postgresql(cursor: CursorWrapper, wanted: list[Guard], role: str) -> None:
    name = connection.ops.quote_name(role)
    cursor.execute(f"grant usage on schema public to {name}")
    guarded = {guard.table: guard for guard in wanted}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table  # noqa: SLF001
        guard = guarded.get(table)
        grows_only = guard is not None and guard.is_append_only
        _grants(cursor, table, name, grows_only=grows_only)
        if guard is not None:
            _policies(cursor, guard)
        if issubclass(model, TenantModel):
            _same_organization_keys(cursor, model)
    cursor.execute(f"grant select on django_migrations to {name}")
    # It runs with the owner's right: for the application alone, not for every login.
    cursor.execute(f"revoke execute on function {FUNCTION}(text, uuid, uuid) from public")
    cursor.execute(f"grant execute on function {FUNCTION}(text, uuid, uuid) to {name}")


def _grants(cursor: CursorWrapper, table: str, role: str, *, grows_only: bool) -> None:
    rights = "select, insert" if grows_only else "select, insert, update, delete"
    cursor.execute(f'revoke all on "{table}" from {role}')
    cursor.execute(f'grant {rights} on "{table}" to {role}')


def _policies(cursor: CursorWrapper, guard: Guard) -> None:
    own = (
        f"{guard.organization_column} ="
        " (select nullif(current_setting('gatehouse.organization', true), ''))::uuid"
    )
    if guard.has_platform_rows:
        # Second factors are read before anybody has entered a workspace.
        own = f"({own} or {guard.organization_column} = '{UUID(int=0)}'::uuid)"
    system = "(select current_setting('gatehouse.system', true)) = 'on'"
    cursor.execute(f'alter table "{guard.table}" enable row level security')
    for policy, condition in ((OWN, own), (SYSTEM, system)):
        cursor.execute(f'drop policy if exists {policy} on "{guard.table}"')
        cursor.execute(
            f'create policy {policy} on "{guard.table}" as permissive for all'
            f" using ({condition}) with check ({condition})"
        )


def _same_organization_keys(cursor: CursorWrapper, model: type[models.Model]) -> None:
    """A second foreign key over (organization, id): a row cannot point across organizations."""
    table = model._meta.db_table  # noqa: SLF001
    for field in model._meta.concrete_fields:  # noqa: SLF001
        parent = field.related_model
        if not (isinstance(parent, type) and issubclass(parent, TenantModel)):
            continue
        _unique_pair(cursor, parent._meta.db_table)  # noqa: SLF001
        name = f"{table}_{field.column}_same_org"[:63]
        cursor.execute("select 1 from pg_constraint where conname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(
                f'alter table "{table}" add constraint "{name}"'
                f" foreign key (organization_id, {field.column})"
                f' references "{parent._meta.db_table}" (organization_id, id)'  # noqa: SLF001
                " deferrable initially deferred"
            )


def _unique_pair(cursor: CursorWrapper, table: str) -> None:
    name = f"{table}_org_id_pair"[:63]
    cursor.execute("select 1 from pg_constraint where conname = %s", [name])
    if cursor.fetchone() is None:
        cursor.execute(
            f'alter table "{table}" add constraint "{name}" unique (organization_id, id)'
        )
