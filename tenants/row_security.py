"""Tells PostgreSQL's row-level security whose rows the next statement may touch.

A scope that opens and closes costs nothing by itself: the server is told before a statement whose
scope is another than that of the statement before, and then gives its time along.
"""

from collections.abc import Callable
from typing import Any

from tenants import clock
from tenants.postgresql.base import DatabaseWrapper
from tenants.scoping import NOWHERE, Scope, open_scope

Execute = Callable[..., Any]


def watch(connection: Any, **_signal: Any) -> None:
    """For a connection that has just been made: it knows of no scope yet."""
    if not isinstance(connection, DatabaseWrapper):
        return
    connection.told, connection.is_told_inside = NOWHERE, False
    # First, where no `execute_wrapper` of somebody else can take it away with its own.
    if tell_before not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, tell_before)


def tell_before(execute: Execute, *statement: Any) -> Any:
    """Django's hook around every statement (its documentation: database instrumentation)."""
    scope, database = open_scope(), statement[-1]["connection"]
    # A broken transaction takes a rollback, also one to a savepoint, and nothing else.
    if database.told != scope and not database.is_broken:
        _tell(database, scope)
    return execute(*statement)


def _tell(database: DatabaseWrapper, scope: Scope) -> None:
    # No cursor of Django's: it would come here again.
    with database.wrap_database_errors, database.connection.cursor() as cursor:
        cursor.execute(
            "select set_config('gatehouse.organization', %s, false),"
            " set_config('gatehouse.system', %s, false), clock_timestamp()",
            [str(scope.organization_id or ""), "on" if scope.system_reason else ""],
        )
        clock.anchor(cursor.fetchone()[2])
    database.told, database.is_told_inside = scope, not database.autocommit
