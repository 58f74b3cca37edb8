"""The machine's PostgreSQL, read for real: what is found, what is flagged, and how pause stops it.

Runs wherever the suite is given a server; everything that needs none is tested beside it.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from audit.models import Event
from portal.catalog.actions import create_integration, pause_integration, run_integration
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import Field, ImportRun, Integration, Resource
from tenants.access import Actor
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope

SERVER = urlsplit(os.environ.get("DATABASE_OWNER_URL", ""))
pytestmark = [
    pytest.mark.skipif(not SERVER.hostname, reason="no PostgreSQL was given"),
    pytest.mark.django_db(transaction=True),
]
DATABASE = f"gatehouse_connector_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
TABLES, COLUMNS = 400, 40
Execute = Callable[[str], object]


def server(database: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        host=SERVER.hostname,
        port=SERVER.port or 5432,
        user=SERVER.username,
        password=unquote(SERVER.password or ""),
        dbname=database,
        autocommit=True,
    )


@pytest.fixture
def shop(settings: Any) -> Iterator[Execute]:
    """A database of the customer's, gone afterwards."""
    settings.CONNECTOR_PRIVATE_ADDRESSES = True
    with server("postgres") as own:
        own.execute(f"drop database if exists {DATABASE} with (force)")  # type: ignore[call-overload]
        own.execute(f"create database {DATABASE}")  # type: ignore[call-overload]
        with server(DATABASE) as made:
            yield made.execute
        own.execute(f"drop database {DATABASE} with (force)")  # type: ignore[call-overload]


def make_shop(execute: Execute) -> None:
    for statement in (
        "create schema shop",
        "create schema private",
        "create table private.salaries (amount int)",
        'create table shop.orders (id bigint primary key, "we.ird ""name" text, n numeric(10,2))',
        "comment on table shop.orders is 'All orders'",
        "comment on column shop.orders.id is 'The id'",
        "insert into shop.orders select n, 'Ada Okafor', 1 from generate_series(1, 50) n",
        "analyze shop.orders",
        "create view shop.large as select id from shop.orders where n > 100",
        "create materialized view shop.daily as select count(*) as orders from shop.orders",
        'create table shop."<b>a.b</b>" ("two\nlines" int)',
    ):
        execute(statement)


def connect(actor: Actor, **place: Any) -> Integration:
    return create_integration(
        actor=actor,
        at=timezone.now(),
        name="Shop",
        kind="postgresql",
        connection={
            "host": str(SERVER.hostname),
            "port": SERVER.port or 5432,
            "database": DATABASE,
            "user": unquote(SERVER.username or ""),
            "sslmode": "disable",
            **place,
        },
        password=unquote(SERVER.password or ""),
    )


def read(source: Integration, actor: Actor) -> ImportRun:
    run = run_integration(source, actor=actor, at=timezone.now())
    carry_out(run.pk)
    run.refresh_from_db()
    return run


def test_a_database_is_read_and_its_write_rights_are_flagged_and_unused(
    shop: Execute, organization: Organization, max_actor: Actor
) -> None:
    make_shop(shop)
    with organization_scope(organization.pk):
        source = connect(max_actor, schemas=["shop"])
        run = read(source, max_actor)
        assert run.status == "finished", run.error_message
        found = {row.name: row for row in Resource.objects.all()}
        assert found.keys() == {"orders", "large", "daily", "<b>a.b</b>"}
        orders = found["orders"]
        assert (orders.description, orders.row_count, orders.schema) == ("All orders", 50, "shop")
        assert found["daily"].relation_type == "materialized view"
        fields = Field.objects.filter(resource=orders).order_by("position")
        assert [(f.name, f.type, f.description) for f in fields] == [
            ("id", "bigint", "The id"),
            ('we.ird "name', "text", ""),
            ("n", "numeric(10,2)", ""),
        ]
        source.refresh_from_db()
        codes = [warning["code"] for warning in source.warnings]
        assert "write-tables" in codes
        assert "create-in-schemas" in codes
        flagged = Event.objects.filter(name="integration.write_right_found")
        assert flagged.count() == 1
        assert "orders" not in str(list(flagged.values()))
        assert read(source, max_actor).changed_nothing
        assert flagged.count() == 1  # the same finding is told once
        assert "Ada Okafor" not in str(list(Resource.objects.values()))


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"database": "no_such_database"}, "unknown-name"),
        ({"port": 1}, "refused"),
        ({"host": "no-such-host.invalid"}, "address-refused"),
        ({"schemas": ["nothing"]}, "nothing-visible"),
    ],
)
def test_what_goes_wrong_has_a_hint(
    place: dict[str, Any], code: str, shop: Execute, organization: Organization, max_actor: Actor
) -> None:
    with organization_scope(organization.pk):
        run = read(connect(max_actor, **place), max_actor)
        assert (run.status, run.error_code) == ("failed", code)
        assert run.error_message


class SlowLine:
    """A proxy before the server that lets answers through by the drop."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.pause = 0.05
        self.is_hanging = False
        self.pairs: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _address = self.listener.accept()
                far = socket.create_connection((SERVER.hostname, SERVER.port or 5432))
                self.pairs += [near, far]
                for pair in ((near, far, 0.0), (far, near, 1.0)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source: socket.socket, goal: socket.socket, share: float) -> None:
        with suppress(OSError), source, goal:
            while piece := source.recv(2048):
                time.sleep(self.pause * share)
                while self.is_hanging:
                    time.sleep(0.02)
                goal.sendall(piece)

    def cut(self) -> None:
        for end in self.pairs:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self.is_hanging = False


@pytest.fixture
def slow_line() -> Iterator[SlowLine]:
    line = SlowLine()
    yield line
    line.listener.close()


def make_many(execute: Execute) -> None:
    columns = ", ".join(f"column_{n} text" for n in range(COLUMNS))
    execute(
        f"do $$ begin for n in 1..{TABLES} loop"
        f" execute format('create table t_%s ({columns})', n); end loop; end $$"
    )


def in_background(run: ImportRun) -> threading.Thread:
    def work() -> None:
        with organization_scope(run.organization_id):
            carry_out(run.pk)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def wait_until(condition: Callable[[], bool], *, seconds: float) -> float:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "it did not happen in time"
        time.sleep(0.05)
    return time.monotonic() - begun


def state_of(run: ImportRun) -> ImportRun:
    found: ImportRun = ImportRun.objects.get(pk=run.pk)
    return found


def test_pause_in_the_middle_of_a_slow_sync_stops_it_with_nothing_stored(
    shop: Execute,
    slow_line: SlowLine,
    organization: Organization,
    max_: Membership,
    max_actor: Actor,
) -> None:
    make_many(shop)
    with organization_scope(organization.pk):
        source = connect(max_actor, host="127.0.0.1", port=slow_line.port)
        run = run_integration(source, actor=max_actor, at=timezone.now())
        thread = in_background(run)
        wait_until(lambda: state_of(run).bytes_read > 0, seconds=30)
        assert 0 < state_of(run).percent < 90
        pause_integration(source, actor=max_actor, at=timezone.now())
        took = wait_until(lambda: not state_of(run).is_open, seconds=60)
        thread.join(10)
        print(f"stopped {took:.1f} s after pause")  # noqa: T201 - the figure is asked for
        assert took < 10
        assert (state_of(run).status, state_of(run).error_code) == ("stopped", "import-stopped")
        assert not Resource.objects.exists()
        assert not Field.objects.exists()


def test_a_source_that_fails_after_the_pause_was_stopped_and_did_not_fail(
    shop: Execute, slow_line: SlowLine, organization: Organization, max_actor: Actor
) -> None:
    make_many(shop)
    with organization_scope(organization.pk):
        source = connect(max_actor, host="127.0.0.1", port=slow_line.port)
        run = run_integration(source, actor=max_actor, at=timezone.now())
        thread = in_background(run)
        wait_until(lambda: state_of(run).bytes_read > 0, seconds=30)
        slow_line.is_hanging = True
        pause_integration(source, actor=max_actor, at=timezone.now())
        slow_line.cut()
        thread.join(30)
        assert (state_of(run).status, state_of(run).error_code) == ("stopped", "import-stopped")
        source.refresh_from_db()
        assert source.last_error_code == ""


def test_a_run_that_lost_its_lease_is_taken_over_and_whole(
    shop: Execute, slow_line: SlowLine, organization: Organization, max_actor: Actor
) -> None:
    make_many(shop)
    with organization_scope(organization.pk):
        source = connect(max_actor, host="127.0.0.1", port=slow_line.port)
        run = run_integration(source, actor=max_actor, at=timezone.now())
        first = in_background(run)
        wait_until(lambda: state_of(run).bytes_read > 0, seconds=30)
        ImportRun.objects.filter(pk=run.pk).update(lease_until=timezone.now())
        slow_line.pause = 0.0
        carry_out(run.pk)
        first.join(30)
        assert (state_of(run).status, state_of(run).attempts) == ("finished", 2)
        assert Resource.objects.count() == TABLES
        assert Field.objects.count() == TABLES * COLUMNS
        assert Event.objects.filter(name="import.finished").count() == 1
