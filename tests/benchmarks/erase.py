"""A deletion at size: rows erased per second against chunked DELETEs of the same rows, the worker's
memory by size, and what another organization's readers feel meanwhile.

Run by hand: `python -m tests.benchmarks.erase [small rows] [large rows]`, on SQLite; with the
services' environment set, on PostgreSQL under its policies. Each size runs in a process of its
own, so that the highest memory use is that of its run; the reader is a process too.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from portal.catalog.models import Field, Integration, Resource
from portal.fulfilment.deletion.segments import CHUNK, as_values
from portal.fulfilment.models import Certificate
from portal.fulfilment.running import run_ticket
from portal.tickets.actions import file_deletion
from portal.tickets.models import Step, Ticket
from portal.tickets.rules import Scope, Status
from portal.tickets.subjects import Wish
from tenants.access import Actor, ActorKind
from tenants.clock import now
from tenants.models import Membership, Organization, Policy
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole
from tenants.scoping import organization_scope
from tests.benchmarks.ingest import peak
from tests.benchmarks.scim import database
from tests.cast import make_member, make_organization

SMALL, LARGE = 10_000, 1_000_000
FIELDS_EACH = 9  # of a resource: with it ten rows
PAGE = 50
ALONE_SECONDS = 4.0
PAUSE = 0.02  # seconds between two pages of the reader
RIGHTS = ROLE_PERMISSIONS[BuiltInRole.OWNER]
TABLES: tuple[Any, ...] = (Field, Resource)


def main(small: int, large: int) -> None:
    print(connection.vendor)  # noqa: T201
    told = [_in_a_child(rows) for rows in (small, large)]
    for one in told:
        print(  # noqa: T201
            f"{one['rows']:>9} rows: {one['ours']:.1f} s, {one['rows'] / one['ours']:.0f} rows/s,"
            f" {one['plain'] / one['ours']:.2f}x chunked DELETE ({one['plain']:.1f} s);"
            f" whole request {one['request']:.1f} s;"
            f" memory {one['peak']:.0f} MB, {one['grown']:.0f} MB above start"
        )
        print(  # noqa: T201
            f"{'':>9} reader of another organization, median of a page: alone"
            f" {one['alone'] * 1000:.1f} ms, beside chunked DELETE"
            f" {one['beside_plain'] * 1000:.1f} ms,"
            f" beside the deletion {one['beside'] * 1000:.1f} ms"
            f" ({one['beside'] / one['alone']:.2f}x, p95 {one['beside_p95'] * 1000:.1f} ms)"
        )


def _in_a_child(rows: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.erase", "--one", str(rows)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@dataclass(frozen=True)
class World:
    """Who is erased, and who reads meanwhile."""

    organization: Organization
    owner: Membership
    reader: Organization


def one(rows: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, database():
        settings.LEDGER_FOLDER = Path(folder) / "ledger"
        world = _world()
        with organization_scope(world.organization.pk):
            fill("Warehouse", world.owner, rows)
            plain, alone, beside_plain = _chunked_delete(world, Path(folder))
            source = fill("Warehouse again", world.owner, rows)
            start = peak()
            with reading(world.reader, Path(folder)) as times:
                ticket, request = _deletion(source, world)
            ours = _seconds_of(ticket, "rows")
            return {
                "rows": rows, "ours": ours, "plain": plain, "request": request,
                "peak": peak(), "grown": peak() - start, "alone": alone,
                "beside_plain": beside_plain, "beside": median(times),
                "beside_p95": quantiles(times, n=20)[-1],
            }  # fmt: skip


def _world() -> World:
    reader = make_organization("globex")
    with organization_scope(reader.pk):
        fill("Theirs", make_member(reader, "Ned Roy", BuiltInRole.OWNER), 20_000)
    organization = make_organization("acme")
    with organization_scope(organization.pk):
        Policy.objects.update(cooling_off=timedelta(0))
        owner = make_member(organization, "Ada Okafor", BuiltInRole.OWNER)
    return World(organization, owner, reader)


def fill(name: str, owner: Membership, rows: int) -> Integration:
    """So many rows of an integration, copied from one of each kind inside the database."""
    source: Integration = Integration.objects.create(
        kind="dbt_artifacts", name=name, owner=owner, created_at=now()
    )
    first = Resource.objects.create(
        integration=source, unique_key="0", name="orders", sort_key="orders", digest="0" * 64
    )
    column = Field.objects.create(integration=source, resource=first, name="0", position=1)
    resources = rows // (FIELDS_EACH + 1)
    with connection.cursor() as cursor:
        _copies(cursor, Resource, first.pk, resources, {"id": _id("n"), "unique_key": _text("n")})
        parent = _id(f"((n - 1) / {FIELDS_EACH} + 1)")
        varying = {"id": _id("n"), "name": _text("n"), "resource_id": parent}
        _copies(cursor, Field, column.pk, resources * FIELDS_EACH, varying)
        Field.objects.filter(pk=column.pk).delete()
        Resource.objects.filter(pk=first.pk).delete()
        if connection.vendor == "postgresql":
            cursor.execute("reset role; analyze; set role gatehouse")
    return source


def _copies(cursor: Any, model: Any, row: UUID, count: int, varying: dict[str, str]) -> None:
    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields]
    chosen = ", ".join(varying.get(column, f't."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    series = f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count})"  # noqa: S608
    copied = f'SELECT {chosen} FROM s, "{table}" t WHERE t.id = %s'  # noqa: S608
    cursor.execute(f'INSERT INTO "{table}" ({names}) {series} {copied}', as_values([row]))


def _id(n: str) -> str:
    """An identifier in the order of the rows, as ours are; another for each organization."""
    if connection.vendor == "postgresql":
        return f"(substr(t.integration_id::text, 1, 24) || lpad(to_hex({n}), 12, '0'))::uuid"
    return f"substr(t.integration_id, 1, 20) || printf('%%012x', {n})"


def _text(n: str) -> str:
    return f"cast({n} AS varchar)" if connection.vendor == "postgresql" else f"cast({n} AS text)"


def _chunked_delete(world: World, folder: Path) -> tuple[float, float, float]:
    """Seconds of plain SQL for the same rows; the reader's median alone and beside it."""
    with reading(world.reader, folder) as alone:
        time.sleep(ALONE_SECONDS)
    with reading(world.reader, folder) as beside:
        begun = time.perf_counter()
        for model in TABLES:
            while _one_chunk(model._meta.db_table, world.organization):
                pass
        spent = time.perf_counter() - begun
        time.sleep(max(0.0, ALONE_SECONDS / 4 - spent))
    Integration.objects.all().delete()
    return spent, median(alone), median(beside)


def _one_chunk(table: str, organization: Organization) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f'DELETE FROM "{table}" WHERE id IN (SELECT id FROM "{table}"'  # noqa: S608
            " WHERE organization_id = %s ORDER BY id LIMIT %s)",
            [*as_values([organization.pk]), CHUNK],
        )
        return int(cursor.rowcount)


def _deletion(source: Integration, world: World) -> tuple[Ticket, float]:
    owner = Actor(
        kind=ActorKind.MEMBER,
        organization=world.organization,
        name=world.owner.name,
        id=world.owner.pk,
        membership=world.owner,
        permissions=RIGHTS,
        stepped_up_until=now() + timedelta(minutes=5),
    )
    wish = Wish(Scope.INTEGRATION, integration_id=source.pk)
    ticket = file_deletion(wish, actor=owner, at=now(), confirmation=source.name)
    begun = time.perf_counter()
    while Ticket.objects.get(pk=ticket.pk).is_open:
        run_ticket(ticket.pk)
        run_ticket(ticket.pk, bulk=True)
    spent = time.perf_counter() - begun
    ticket.refresh_from_db()
    assert ticket.status == Status.ERASED, ticket.status
    assert Certificate.objects.get(ticket=ticket).content["residue"] == 0
    return ticket, spent


def _seconds_of(ticket: Ticket, name: str) -> float:
    step = Step.objects.get(ticket=ticket, name=name)
    assert step.started_at
    assert step.finished_at
    return float((step.finished_at - step.started_at).total_seconds())


@contextmanager
def reading(organization: Organization, folder: Path) -> Iterator[list[float]]:
    """Another organization's reader at work meanwhile; afterwards the seconds of each page."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.portal.fulfilment.worker_settings",
        "WORKER_DATABASE": str(connection.settings_dict["NAME"]),
        "WORKER_HOME": str(folder),
    }
    command = [sys.executable, "-m", "tests.benchmarks.erase", "--read", str(organization.pk)]
    times: list[float] = []
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin
        assert reader.stdout
        assert reader.stdout.readline() == "ready\n"
        yield times
        told, _nothing = reader.communicate("enough\n")
        times += json.loads(told)


def read(organization: UUID) -> None:
    """Pages of the catalogue until somebody says that it is enough."""
    import select  # noqa: PLC0415  (only this process waits for a word)

    times = []
    with organization_scope(organization):
        assert len(_page()) == PAGE
        print("ready", flush=True)  # noqa: T201
        while not select.select([sys.stdin], [], [], PAUSE)[0]:
            begun = time.perf_counter()
            _page()
            times.append(time.perf_counter() - begun)
    print(json.dumps(times))  # noqa: T201


def _page() -> list[Any]:
    return list(Resource.objects.order_by("sort_key", "id").values("id", "name")[:PAGE])


if __name__ == "__main__":
    if "--one" in sys.argv:
        print(json.dumps(one(int(sys.argv[-1]))))  # noqa: T201
    elif "--read" in sys.argv:
        read(UUID(sys.argv[-1]))
    else:
        given = [int(text) for text in sys.argv[1:3]]
        main(*(given + [SMALL, LARGE][len(given) :]))
