"""Django's backend for PostgreSQL, which knows what the end of a transaction may have undone.

A setting made in a transaction goes with its rollback, and with that of a savepoint around it.
"""

from typing import Any

from django.db.backends.postgresql import base
from psycopg.pq import TransactionStatus

from tenants.postgresql.cursors import Tell, TellingCursor


def tell_nobody(scope: Any) -> Any:
    """Until the connection is made, when whoever knows of scopes takes this over."""
    return scope


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection, and the scope its server was told last."""

    # None: not known, to be told before the next statement.
    told: Any = None
    is_told_inside = False
    tell: Tell = staticmethod(tell_nobody)

    def create_cursor(self, name: str | None = None) -> Any:
        cursor = super().create_cursor(name)
        return TellingCursor(cursor, self.tell, is_named=name is not None)

    @property
    def is_broken(self) -> bool:
        """Whether a statement has failed in the open transaction."""
        if self.connection is None:
            return False
        return bool(self.connection.info.transaction_status == TransactionStatus.INERROR)

    def _commit(self) -> None:
        # Of a transaction that a swallowed error has broken, a commit is a rollback.
        was_broken = self.is_broken
        try:
            super()._commit()  # type: ignore[misc]  # not in the stubs
        except BaseException:
            self._forget()
            raise
        if was_broken:
            self._forget()
        self.is_told_inside = False

    def _rollback(self) -> None:
        try:
            super()._rollback()  # type: ignore[misc]  # not in the stubs
        finally:
            self._forget()

    def _savepoint_rollback(self, sid: str) -> None:
        try:
            super()._savepoint_rollback(sid)  # type: ignore[misc]  # not in the stubs
        finally:
            self._forget()

    def _forget(self) -> None:
        if self.is_told_inside:
            self.told, self.is_told_inside = None, False
