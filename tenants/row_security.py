"""Tells PostgreSQL's row-level security whose rows the next statement may touch.

A scope that opens and closes costs nothing by itself: the server is told before a statement whose
scope is another than that of the statement before, and then gives its time along.
"""

from functools import partial
from typing import TYPE_CHECKING, Any

from tenants import clock
from tenants.scoping import NOWHERE, Scope, open_scope

if TYPE_CHECKING:  # SQLite alone need not load it
    from tenants.postgresql.base import DatabaseWrapper


def watch(connection: Any, **_signal: Any) -> None:
    """For a connection that has just been made: it knows of no scope yet."""
    if connection.vendor == "postgresql":
        connection.told, connection.is_told_inside = NOWHERE, False
        connection.tell = partial(tell, connection)


def tell(database: "DatabaseWrapper", scope: Scope | None) -> Scope:
    """Before anything is sent: the open scope, or that in which a cursor was declared."""
    scope = scope or open_scope()
    # A broken transaction takes a rollback, also one to a savepoint, and nothing else.
    if database.told != scope and not database.is_broken:
        _tell(database, scope)
    return scope


def _tell(database: "DatabaseWrapper", scope: Scope) -> None:
    # Whatever interrupts this, what the server was left with is not taken for known.
    database.told = None
    # No cursor of Django's: it would come here again.
    with database.wrap_database_errors, database.connection.cursor() as cursor:
        cursor.execute(
            "select set_config('gatehouse.organization', %s, false),"
            " set_config('gatehouse.system', %s, false), clock_timestamp()",
            [str(scope.organization_id or ""), "on" if scope.system_reason else ""],
        )
        clock.anchor(cursor.fetchone()[2])
    database.is_told_inside = not database.autocommit
    database.told = scope
