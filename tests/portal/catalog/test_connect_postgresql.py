"""What a PostgreSQL connection reads, warns of and says when it fails; needs no server."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from audit.refusals import Invalid
from portal.catalog.connections import PostgresPlace, checked_place
from portal.catalog.ingest.postgresql import connected
from portal.catalog.ingest.postgresql.connecting import Limits
from portal.catalog.ingest.postgresql.failures import refusal_of
from portal.catalog.ingest.postgresql.reading import Told, relations
from portal.catalog.ingest.postgresql.rights import warnings_of
from portal.catalog.refusals import SourceRefused
from portal.catalog.warning_words import warning_words

HERE = {"host": "127.0.0.1", "database": "shop", "user": "reader", "sslmode": "disable"}


def told(name: str, column: str | None, **facts: Any) -> Told:
    values = {
        "oid": 1, "schema": "shop", "name": name, "kind": "r", "estimate": 7.0, "owner": "dba",
        "comment": None, "column": column, "type": "text", "column_comment": None,
    }  # fmt: skip
    return Told(**{**values, **facts})


def test_lines_of_the_system_catalogue_become_relations() -> None:
    lines = [
        told("orders", "id", type="bigint", comment="All orders", column_comment="The id"),
        told("orders", "name"),
        told("v", None, oid=2, kind="v", estimate=0.0),
        told("fresh", "a", oid=3, estimate=-1.0),
    ]
    orders, view, fresh = relations(lines, "db")
    assert (orders.unique_key, orders.kind, orders.row_count) == ("shop.orders", "table", 7)
    assert (orders.description, orders.owner, orders.database) == ("All orders", "dba", "db")
    assert [(c.name, c.type, c.position) for c in orders.columns] == [
        ("id", "bigint", 1),
        ("name", "text", 2),
    ]
    assert orders.aggregates[0].value == "7"
    assert (view.kind, view.row_count, view.columns) == ("view", None, [])
    assert fresh.row_count is None


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        "a\u202eb",
        "x" * 10_000,
        "two\nlines",
        'qu"ote',
        "a.b",
        "\x07",
        "é",
    ],
)
def test_hostile_identifiers_are_kept_fit_and_apart(name: str) -> None:
    lines = [told(name, name), told(name, name + "\x00"), told(name + "\x01", "c", oid=2)]
    first, second = relations(lines, "db")
    for relation in (first, second):
        assert 0 < len(relation.name) <= 255
        assert len(relation.unique_key) <= 500
        assert "\n" not in relation.name
        assert "\x01" not in relation.name
    assert first.unique_key != second.unique_key
    assert len({column.name for column in first.columns}) == 2


def test_names_with_dots_are_told_apart() -> None:
    first, second = relations(
        [told("b.c", "x", schema="a"), told("c", "x", schema="a.b", oid=2)], "db"
    )
    assert first.unique_key != second.unique_key


def rights(**changes: Any) -> list[dict[str, Any]]:
    facts: dict[str, Any] = {
        "attributes": {"SUPERUSER": False, "CREATEDB": False},
        "mighty": [],
        "creates_in_database": False,
        "schemas": [],
        "tables": {},
    }
    return warnings_of(**{**facts, **changes})


def test_a_login_that_only_reads_is_not_warned_of() -> None:
    assert rights() == []


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        ({"attributes": {"SUPERUSER": True}}, "login-attributes", "SUPERUSER"),
        ({"mighty": ["pg_write_all_data"]}, "login-attributes", "pg_write_all_data"),
        ({"creates_in_database": True}, "create-schemas", "create schemas"),
        ({"schemas": ["public"]}, "create-in-schemas", "1 schema"),
        ({"tables": {"s.t": (True, False, False, False)}}, "write-tables", "1 table (INSERT)"),
        ({"tables": {"s.t": (False, False, True, True)}}, "write-tables", "(DELETE, TRUNCATE)"),
    ],
)
def test_every_right_beyond_reading_is_warned_of(
    changes: dict[str, Any], code: str, said: str
) -> None:
    (warning,) = rights(**changes)
    assert (warning["code"], warning["is_write_right"]) == (code, True)
    assert said in warning_words(warning, with_names=False)


def test_names_of_tables_are_for_those_who_may_see_them() -> None:
    tables = {f"shop.t{n}": (True, True, True, True) for n in range(9)}
    (warning,) = rights(tables=tables)
    assert "9 tables" in warning_words(warning, with_names=False)
    assert "shop.t0" not in warning_words(warning, with_names=False)
    assert "shop.t0" in warning_words(warning, with_names=True)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ('password authentication failed for user "x"', "wrong-password"),
        ("fe_sendauth: no password supplied", "password-missing"),
        ('no pg_hba.conf entry for host "1.2.3.4"', "not-admitted"),
        ('database "nope" does not exist', "unknown-name"),
        ("server does not support SSL, but SSL was required", "no-tls"),
        ("SSL error: certificate verify failed", "tls-failed"),
        ("connection timeout expired", "unreachable"),
        ("Connection refused", "refused"),
        ("sorry, too many clients already", "too-many-connections"),
        ("unsupported startup parameter: options", "pooler"),
        ("the database system is starting up", "server-restarting"),
        ("received invalid response to SSL negotiation: H", "not-postgresql"),
        ("something nobody thought of: hunter2", "connection-lost"),
    ],
)
def test_every_failure_has_a_hint_in_our_own_words(words: str, code: str) -> None:
    refusal = refusal_of(psycopg.OperationalError(f"{words} hunter2"))
    assert refusal.reason == code
    assert refusal.message
    assert "hunter2" not in refusal.message


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (psycopg.errors.QueryCanceled, "timeout"),
        (psycopg.errors.InsufficientPrivilege, "no-permission"),
        (psycopg.errors.InvalidCatalogName, "database-missing"),
        (psycopg.errors.AdminShutdown, "server-restarting"),
    ],
)
def test_what_the_server_answers_has_a_hint(kind: type[psycopg.Error], code: str) -> None:
    assert refusal_of(kind("secret words")).reason == code


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"host": "/var/run/postgresql"}, "host"),
        ({"host": "a b"}, "host"),
        ({"host": "db.example.com,other"}, "host"),
        ({"host": "fe80::1%eth0"}, "host"),
        ({"host": ""}, "host"),
        ({"port": 0}, "port"),
        ({"port": 70_000}, "port"),
        ({"database": "d\x00b"}, "database"),
        ({"user": "u" * 64}, "user"),
        ({"sslmode": "prefer"}, "sslmode"),
        ({"schemas": ["a\nb"]}, "schemas"),
        ({"passfile": "/etc/passwd"}, "passfile"),
    ],
)
def test_a_connection_that_cannot_be_meant_is_refused(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        checked_place("postgresql", {**HERE, **changes})
    assert field in refused.value.errors


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "10.0.0.7", "192.168.1.1", "169.254.169.254", "::1",
     "::ffff:127.0.0.1", "0.0.0.0", "2130706433", "64:ff9b::7f00:1"],
)  # fmt: skip
def test_production_never_connects_into_its_own_network(host: str, settings: Any) -> None:
    settings.CONNECTOR_PRIVATE_ADDRESSES = False
    place = PostgresPlace.checked({**HERE, "host": host, "sslmode": "require"})
    with pytest.raises(SourceRefused) as refused, connected(place, "x"):
        pass
    assert refused.value.reason == "address-refused"


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "0.0.0.0", "::ffff:169.254.169.254", "fd00:ec2::254", "100.100.100.200",
     "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"],
)  # fmt: skip
def test_what_a_cloud_tells_its_machines_is_out_of_reach_everywhere(
    host: str, settings: Any
) -> None:
    settings.CONNECTOR_PRIVATE_ADDRESSES = True
    place = PostgresPlace.checked({**HERE, "host": host})
    with pytest.raises(SourceRefused) as refused, connected(place, "x"):
        pass
    assert refused.value.reason == "address-refused"


def test_over_the_internet_connections_are_encrypted(settings: Any) -> None:
    settings.CONNECTOR_PRIVATE_ADDRESSES = False
    place = PostgresPlace.checked({**HERE, "host": "8.8.8.8"})
    with pytest.raises(SourceRefused) as refused, connected(place, "x"):
        pass
    assert refused.value.reason == "not-encrypted"


@contextmanager
def stalling_server() -> Iterator[tuple[int, list[bytes]]]:
    """Lets everybody in, and then never says a word again."""
    listener = socket.create_server(("127.0.0.1", 0))
    heard: list[bytes] = []
    lines: list[socket.socket] = []

    def serve() -> None:
        line, _address = listener.accept()
        lines.append(line)
        (length,) = struct.unpack("!i", line.recv(4))
        heard.append(line.recv(length - 4))
        line.sendall(b"R" + struct.pack("!ii", 8, 0) + b"Z" + struct.pack("!i", 5) + b"I")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.close()
        for line in lines:
            line.close()


def test_a_server_that_stands_still_is_cut_off_in_time(settings: Any) -> None:
    settings.CONNECTOR_PRIVATE_ADDRESSES = True
    with stalling_server() as (port, heard):
        place = PostgresPlace.checked({**HERE, "port": port})
        begun = time.monotonic()
        with (
            pytest.raises(SourceRefused) as refused,
            connected(place, "hunter2", limits=Limits(statement=0.2, grace=0.1)) as line,
            line.bounded(),
        ):
            line.connection.execute("select 1")
    assert time.monotonic() - begun < 5
    assert refused.value.reason == "connection-lost"
    (greeting,) = heard
    assert b"default_transaction_read_only=on" in greeting
    assert b"statement_timeout=200" in greeting
    assert b"gatehouse" in greeting
    assert b"hunter2" not in greeting


def test_the_limits_of_a_real_run_fit_into_a_minute() -> None:
    limits = Limits()
    assert limits.statement + limits.grace + 2 < 60
