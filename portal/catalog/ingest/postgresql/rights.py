"""Which rights a login has beyond reading. They are reported, and never used."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from psycopg import sql

from portal.catalog.ingest.naming import tidy

MOST_NAMES: Final = 5
Warning_ = dict[str, Any]
# Roles that stand above the rights on single tables.
MIGHTY: Final = ("pg_execute_server_program", "pg_write_server_files", "pg_write_all_data")

_LOGIN = """
    select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
    from pg_roles where rolname = current_user
"""
_MEMBER = """
    select rolname from pg_roles
    where rolname = any(%(mighty)s) and pg_has_role(current_user, oid, 'member') order by rolname
"""
_DATABASE = "select has_database_privilege(current_database(), 'create')"
_SCHEMAS = """
    select nspname from pg_namespace
    where nspname <> 'information_schema' and left(nspname, 3) <> 'pg_'
      and has_schema_privilege(oid, 'create') order by nspname limit 1000
"""
_TABLES = """
    select n.nspname || '.' || c.relname,
           has_table_privilege(c.oid, 'insert') or has_any_column_privilege(c.oid, 'insert'),
           has_table_privilege(c.oid, 'update') or has_any_column_privilege(c.oid, 'update'),
           has_table_privilege(c.oid, 'delete'), has_table_privilege(c.oid, 'truncate')
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f', 'v')
      and n.nspname <> 'information_schema' and left(n.nspname, 3) <> 'pg_'
      and has_schema_privilege(n.oid, 'usage')
      and (has_table_privilege(c.oid, 'insert, update, delete, truncate')
           or has_any_column_privilege(c.oid, 'insert, update'))
    order by 1 limit 10000
"""
_TABLE_RIGHTS: Final = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")
_ATTRIBUTES: Final = ("SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION", "BYPASSRLS")


def found_rights(connection: Any) -> list[Warning_]:
    """Warnings about the login, the gravest first; outside of the chosen schemas too."""

    def rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
        return list(connection.execute(sql.SQL(statement), values or None))

    attributes = dict(zip(_ATTRIBUTES, (rows(_LOGIN) or [(False,) * 5])[0], strict=True))
    return warnings_of(
        attributes=attributes,
        mighty=[row[0] for row in rows(_MEMBER, mighty=list(MIGHTY))],
        creates_in_database=bool(rows(_DATABASE)[0][0]),
        schemas=[row[0] for row in rows(_SCHEMAS)],
        tables={row[0]: tuple(row[1:]) for row in rows(_TABLES)},
    )


def warnings_of(
    *,
    attributes: Mapping[str, bool],
    mighty: Iterable[str],
    creates_in_database: bool,
    schemas: list[str],
    tables: Mapping[str, tuple[bool, ...]],
) -> list[Warning_]:
    found = []
    held = [name for name, is_held in attributes.items() if is_held]
    held += [name for name in mighty if "SUPERUSER" not in held]
    if held:
        found.append(_warning("login-attributes", rights=held))
    if tables:
        found.append(_warning("write-tables", rights=_rights(tables), names=list(tables)))
    if schemas:
        found.append(_warning("create-in-schemas", rights=["CREATE"], names=schemas))
    if creates_in_database:
        found.append(_warning("create-schemas", rights=["CREATE"]))
    return found


def _rights(tables: Mapping[str, tuple[bool, ...]]) -> list[str]:
    columns = zip(*tables.values(), strict=True)
    return [name for name, held in zip(_TABLE_RIGHTS, columns, strict=True) if any(held)]


def _warning(code: str, *, rights: list[str], names: list[str] | None = None) -> Warning_:
    names = names or []
    return {
        "code": code,
        "is_write_right": True,
        "rights": rights,
        "count": len(names),
        "names": [tidy(name) for name in names[:MOST_NAMES]],
    }
