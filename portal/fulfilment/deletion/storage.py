"""Makes the database let go of what was deleted: no old bytes in its files."""

import re
import time
from collections.abc import Iterable
from typing import Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection, models
from psycopg import sql

from audit.models import DataKey
from audit.refusals import Refusal
from portal.databases import owner_parameters
from portal.fulfilment.deletion.accounts import ACCOUNT_MODELS
from portal.fulfilment.work import Finished, Job, Outcome
from portal.tickets.models import Finding, Ticket
from portal.tickets.rules import Scope
from portal.tickets.stores import references, stores_of
from tenants.models import Organization

# Readers keep the old pages of the write-ahead log alive; they are short.
PATIENCE_SECONDS = 5.0
LOCK_MILLISECONDS = 3000
_DEAD_ROWS = re.compile(r"(\d+) dead row versions cannot be removed yet")


class StorageBusy(Refusal):
    """Somebody still reads the old pages; the step is tried again."""

    code = "storage-busy"


def clean_storage(job: Job) -> Outcome:
    """Outside any transaction, safe to repeat. Says in its result what was and was not done."""
    if connection.vendor == "postgresql":
        return Finished(_vacuum(touched_tables(job.ticket)))
    return Finished(_checkpoint())


def touched_tables(ticket: Ticket) -> list[str]:
    """Whose old row versions still hold what went: erased, let go of, or a key destroyed."""
    scope, subject = ticket.scope, ticket.subject_id
    changed: list[type[models.Model]] = [model for model, _field in references(scope, subject)]
    if scope in {Scope.PERSON, Scope.CLOSE}:
        changed += [model for model in apps.get_models() if getattr(model, "names_people", None)]
        changed += [Finding, Organization, *ACCOUNT_MODELS]
    changed.append(DataKey)
    tables = [model._meta.db_table for model in changed]  # noqa: SLF001
    return list(dict.fromkeys([*(store.name for store in stores_of(scope, subject)), *tables]))


def _checkpoint() -> dict[str, str]:
    """SQLite: freed pages were overwritten as they were freed; now empty the log file as well."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            busy = cursor.fetchone()[0]
        if not busy:
            return {"storage": "sqlite: pages overwritten, log truncated"}
        if time.monotonic() > until:
            raise StorageBusy("The database is being read. The request tries again by itself.")
        time.sleep(0.1)


def _vacuum(tables: Iterable[str]) -> dict[str, str]:
    """PostgreSQL: only a table's owner may vacuum it, so this logs in as the owner if it can.

    Raises StorageBusy while a table is in use, or while an old reader still needs its old rows.
    """
    if not settings.DATABASE_OWNER_URL:
        return {"storage": "postgresql: dead rows are left to the owner's vacuum"}
    parameters = owner_parameters(settings.DATABASE_OWNER_URL, connection.settings_dict)
    with psycopg.connect(autocommit=True, **parameters) as owner:
        kept: list[str] = []
        owner.add_notice_handler(lambda notice: kept.extend(_kept(notice.message_detail or "")))
        owner.execute(f"SET lock_timeout = '{LOCK_MILLISECONDS}ms'")
        large = [table for table in tables if not _is_rewritten(owner, table)]
    if kept:
        raise StorageBusy("An old reader still needs old rows. The request tries again by itself.")
    if large:
        left = "freed space in the pages of " + ", ".join(sorted(large))
        return {"storage": f"postgresql: vacuumed; {left} is overwritten as it is used again"}
    return {"storage": "postgresql: tables and indexes rewritten"}


def _is_rewritten(owner: psycopg.Connection[Any], table: str) -> bool:
    """A plain VACUUM frees the space and leaves the bytes in it; only new files are without them.

    A rewrite locks the table while it lasts, seconds for a gigabyte: large tables are left.
    """
    size = owner.execute("SELECT pg_total_relation_size(to_regclass(%s))", [table]).fetchone()
    whole = size is not None and int(size[0] or 0) <= settings.ERASURE_REWRITES_UP_TO
    how = sql.SQL("VACUUM (FULL, VERBOSE) {}" if whole else "VACUUM {}")
    try:
        owner.execute(how.format(sql.Identifier(table)))
    except psycopg.errors.LockNotAvailable as error:
        raise StorageBusy("A table is in use. The request tries again by itself.") from error
    return whole


def _kept(detail: str) -> list[str]:
    """Of a rewrite's own report: old rows that another transaction may still see."""
    found = _DEAD_ROWS.search(detail)
    return [found.group()] if found and int(found.group(1)) else []
