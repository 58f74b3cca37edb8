"""The dbt ingest at size: rows per second against plain inserts of its rows, and memory by size.

Run by hand: `python -m tests.benchmarks.ingest [small MB] [large MB]`, on SQLite; with the
services' environment set, on PostgreSQL. Each size runs in a process of its own, so that the
highest memory use is that of its run.
"""

import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.files.base import File
from django.db import connection, transaction

from portal.catalog.actions import create_integration, start_import
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import Dependency, Field, ImportRun, Metric, Resource, Term
from portal.catalog.rules import UploadKind
from tenants.access import system_actor
from tenants.clock import now
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.benchmarks.scim import database
from tests.cast import make_organization
from tests.conftest import _step_down

SMALL, LARGE = 10, 100
MEGABYTE = 1024 * 1024
COLUMNS = 12
SCHEMAS = "https://schemas.getdbt.com/dbt"
TABLES: tuple[Any, ...] = (Resource, Field, Metric, Dependency, Term)
AT_ONCE = 2_000


def main(small: int, large: int) -> None:
    print(f"{connection.vendor}")  # noqa: T201
    print(f"{'files':>8}{'rows':>10}{'ingest':>12}{'rows/s':>10}{'memory':>12}{'above start':>14}")  # noqa: T201
    told = [_in_a_child(size) for size in (small, large)]
    for one in told:
        print(  # noqa: T201
            f"{one['size']:>5} MB{one['rows']:>10}{one['seconds']:>10.1f} s"
            f"{one['rows'] / one['seconds']:>10.0f}{one['peak']:>9.0f} MB{one['grown']:>11.0f} MB"
        )
    for one in told:
        for name, label in (("plain", "executemany"), ("orm", "bulk_create")):
            ratio = one[name] / one["seconds"]
            said = f"{label} of the same rows: {one[name]:.1f} s, {ratio:.2f}x"
            print(f"{one['size']:>5} MB against {said}")  # noqa: T201


def _in_a_child(size: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.ingest", "--one", str(size)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def one(size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, database():
        paths = write_artifacts(Path(folder), size * MEGABYTE)
        organization = make_organization("acme")
        with organization_scope(organization.pk):
            start = peak()
            seconds = ingest(paths)
            highest = peak()
            copies = Path(folder) / "rows"
            told = {
                "size": size,
                "rows": sum(model.objects.count() for model in TABLES),
                "seconds": seconds,
                "peak": highest,
                "grown": highest - start,
            }
            keep(copies)
            told["plain"] = again(copies, executemany)
            told["orm"] = again(copies, bulk_create)
    return told


def ingest(paths: dict[UploadKind, Path]) -> float:
    """From the upload to the end of the run, as a worker does it."""
    actor = system_actor(Organization.objects.current())
    integration = create_integration(actor=actor, at=now(), name="Warehouse")
    streams = {kind: path.open("rb") for kind, path in paths.items()}
    sent = {kind: File(stream) for kind, stream in streams.items()}
    run = start_import(integration, actor=actor, at=now(), sent=sent)
    begun = time.perf_counter()
    carry_out(run.pk)
    seconds = time.perf_counter() - begun
    for stream in streams.values():
        stream.close()
    ended = ImportRun.objects.get(pk=run.pk)
    assert ended.status == "finished", ended.error_message
    return seconds


def keep(copies: Path) -> None:
    """The rows as they are, part by part in a file: they must not stand in memory together."""
    with copies.open("wb") as file:
        for model in TABLES:
            rows = model.objects.order_by("pk").values().iterator(chunk_size=AT_ONCE)
            while part := list(islice(rows, AT_ONCE)):
                pickle.dump((model._meta.label, part), file)


def kept(copies: Path) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    with copies.open("rb") as file:
        while True:
            try:
                label, part = pickle.load(file)  # noqa: S301  (written above)
            except EOFError:
                return
            yield apps.get_model(label), part


def again(copies: Path, insert: Callable[[Any, list[dict[str, Any]]], None]) -> float:
    """Empty the tables, and put the same rows in by the plain way; reading them is not counted."""
    empty()
    spent = 0.0
    with transaction.atomic():
        for model, part in kept(copies):
            begun = time.perf_counter()
            insert(model, part)
            spent += time.perf_counter() - begun
        begun = time.perf_counter()
    return spent + time.perf_counter() - begun


def empty() -> None:
    """On PostgreSQL as the tables' owner: row by row, the foreign keys would take minutes."""
    tables = [connection.ops.quote_name(model._meta.db_table) for model in reversed(TABLES)]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("reset role")
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
            _step_down(connection)
            return
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608


def bulk_create(model: Any, rows: list[dict[str, Any]]) -> None:
    model.objects.bulk_create([model(**row) for row in rows], batch_size=1000)


def executemany(model: Any, rows: list[dict[str, Any]]) -> None:
    fields = model._meta.concrete_fields
    names = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    places = ", ".join("%s" for _field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608
    made = [
        [field.get_db_prep_save(row[field.attname], connection) for field in fields] for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, made)


def write_artifacts(folder: Path, size: int) -> dict[UploadKind, Path]:
    """A manifest and a catalog of about this size together, entry by entry."""
    paths = {
        kind: folder / f"{kind.value}.json" for kind in (UploadKind.MANIFEST, UploadKind.CATALOG)
    }
    count = size // (len(json.dumps(node(0))) + len(json.dumps(relation(0))))
    for kind, make in ((UploadKind.MANIFEST, node), (UploadKind.CATALOG, relation)):
        version = 12 if kind == UploadKind.MANIFEST else 1
        with paths[kind].open("w") as file:
            head = {"dbt_schema_version": f"{SCHEMAS}/{kind.value}/v{version}.json"}
            file.write(f'{{"metadata": {json.dumps(head)}, "nodes": {{')
            file.writelines(entries(make, count))
            file.write('}, "sources": {}}')
    return paths


def entries(make: Callable[[int], dict[str, Any]], count: int) -> Iterator[str]:
    for number in range(count):
        comma = ", " if number else ""
        yield f"{comma}{json.dumps(key_of(number))}: {json.dumps(make(number))}"


def key_of(number: int) -> str:
    return f"model.shop.orders_by_region_{number:06d}"


def node(number: int) -> dict[str, Any]:
    columns = {
        f"column_{n}": {"name": f"column_{n}", "description": f"What number {n} tells of an order"}
        for n in range(COLUMNS)
    }
    return {
        "resource_type": "model",
        "unique_id": key_of(number),
        "name": f"orders_by_region_{number:06d}",
        "description": f"Orders of region {number}, one row for each day and product.",
        "tags": ["finance", "daily"],
        "depends_on": {"nodes": [key_of(number - 1)] if number else []},
        "columns": columns,
        "raw_code": "select * from orders where region = 1 " * 8,
    }


def relation(number: int) -> dict[str, Any]:
    columns = {
        f"column_{n}": {"type": "VARCHAR(200)", "index": n + 1, "name": f"column_{n}"}
        for n in range(COLUMNS)
    }
    stats = {"num_rows": {"label": "Rows", "value": number, "include": True}}
    name = f"orders_by_region_{number:06d}"
    metadata = {"type": "BASE TABLE", "database": "shop", "schema": "marts", "name": name}
    return {
        "metadata": metadata,
        "columns": columns,
        "stats": stats,
        "unique_id": key_of(number),
    }


def peak() -> float:
    """The most memory that this process has had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024 if sys.platform == "linux" else 1024 * 1024)


if __name__ == "__main__":
    if "--one" in sys.argv:
        print(json.dumps(one(int(sys.argv[-1]))))  # noqa: T201
    else:
        given = [int(text) for text in sys.argv[1:3]]
        main(*(given + [SMALL, LARGE][len(given) :]))
