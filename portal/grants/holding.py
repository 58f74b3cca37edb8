"""Readers and whoever ends their access, in the order in which they come.

On PostgreSQL a row that readers share can be kept from its writer for ever: each new reader joins
those that hold it. Advisory locks queue, so a revocation waits for the reads that have begun and
for no later one. On SQLite a transaction already holds the only write lock.
"""

from uuid import UUID

from django.db import connection


def hold_shared(grant_id: UUID) -> None:
    """Until the transaction ends no change of this grant goes through; readers do not wait."""
    _hold("pg_advisory_xact_lock_shared", grant_id)


def hold_alone(grant_id: UUID) -> None:
    """Wait for the reads that have begun, and hold every later one until the transaction ends."""
    _hold("pg_advisory_xact_lock", grant_id)


def _hold(function: str, grant_id: UUID) -> None:
    if connection.vendor != "postgresql":
        return
    # The random half of the id; two grants that met by chance would only wait for each other.
    key = int.from_bytes(grant_id.bytes[8:], signed=True)
    with connection.cursor() as cursor:
        cursor.execute(f"select {function}(%s)", [key])
