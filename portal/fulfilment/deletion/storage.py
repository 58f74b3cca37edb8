"""Makes the database let go of what was deleted: no old bytes in its files."""

import time
from collections.abc import Iterable

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
    """PostgreSQL: only a table's owner may vacuum it, so this logs in as the owner if it can."""
    if not settings.DATABASE_OWNER_URL:
        return {"storage": "postgresql: dead rows are left to the owner's vacuum"}
    parameters = owner_parameters(settings.DATABASE_OWNER_URL, connection.settings_dict)
    with psycopg.connect(autocommit=True, **parameters) as owner:
        for table in tables:
            owner.execute(sql.SQL("VACUUM {}").format(sql.Identifier(table)))
    return {"storage": "postgresql: vacuumed"}
