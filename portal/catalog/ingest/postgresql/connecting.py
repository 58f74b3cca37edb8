"""One connection to a customer's server: to a checked address, read-only, bounded in time."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from django.utils.translation import gettext as _

from portal.catalog.connections import PostgresPlace, TlsMode
from portal.catalog.ingest.postgresql.failures import refusal_of
from portal.catalog.refusals import SourceRefused
from portal.outbound.addresses import (
    Address,
    AddressRefused,
    addresses_of,
    is_public,
    is_public_or_near,
)

Connection = psycopg.Connection[tuple[Any, ...]]
CONNECT_SECONDS = 5
MOST_ADDRESSES = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """How long one statement may take: together with a pause seen between them, below a minute."""

    statement: float = 20.0
    # Beyond that the server does not keep its word, and the line is cut from this side.
    grace: float = 5.0


class Line:
    """A connection and the watch over it: one piece of work is never longer than its limit."""

    def __init__(self, connection: Connection, limits: Limits) -> None:
        self.connection = connection
        self._limits = limits

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """Cut the line when what happens inside outlasts the limit, whatever the server does."""
        seconds = self._limits.statement + self._limits.grace
        watch = threading.Timer(seconds, _cut, [self.connection.fileno()])
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()


@contextmanager
def connected(
    place: PostgresPlace, password: str, *, limits: Limits | None = None
) -> Iterator[Line]:
    """A way in. Raises SourceRefused with a hint, for what the server says inside too."""
    limits = limits or Limits()
    try:
        with _connect(place, password, limits) as connection:
            connection.read_only = True
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield Line(connection, limits)
    except psycopg.Error as error:
        raise refusal_of(error) from None  # the driver's words may name what was sent


def _connect(place: PostgresPlace, password: str, limits: Limits) -> Connection:
    failure: psycopg.Error = psycopg.OperationalError("no address")
    for address in _addresses(place)[:MOST_ADDRESSES]:
        try:
            return psycopg.connect(**_parameters(place, password, address=address, limits=limits))
        except psycopg.Error as error:
            failure = error
    raise failure


def _addresses(place: PostgresPlace) -> tuple[Address, ...]:
    near = settings.CONNECTOR_PRIVATE_ADDRESSES
    if place.sslmode == TlsMode.DISABLE and not near:
        said = _("Connections over the internet are encrypted. Choose another mode.")
        raise SourceRefused("not-encrypted", said)
    try:
        return addresses_of(
            place.host,
            place.port,
            may_connect=is_public_or_near if near else is_public,
            is_near=near,
        )
    except AddressRefused as refusal:
        raise SourceRefused("address-refused", refusal.message) from refusal


def _parameters(
    place: PostgresPlace, password: str, *, address: Address, limits: Limits
) -> dict[str, Any]:
    """Everything said outright: nothing is taken from this server's environment or files."""
    milliseconds = int(limits.statement * 1000)
    options = {
        "default_transaction_read_only": "on",
        "statement_timeout": milliseconds,
        "lock_timeout": milliseconds // 2,
        "idle_in_transaction_session_timeout": 120_000,
        "search_path": "pg_catalog",
    }
    checked = place.sslmode == TlsMode.VERIFY_FULL
    methods = "scram-sha-256,md5,none" + ("" if place.sslmode == TlsMode.DISABLE else ",password")
    return {
        "host": place.host,
        "hostaddr": str(address),
        "port": place.port,
        "dbname": place.database,
        "user": place.user,
        "password": password,
        "passfile": os.devnull,
        "sslmode": place.sslmode,
        "sslrootcert": "system" if checked else "",
        "sslcertmode": "disable",
        "gssencmode": "disable",
        "require_auth": methods,
        "connect_timeout": CONNECT_SECONDS,
        "tcp_user_timeout": milliseconds,
        "application_name": "gatehouse",
        "client_encoding": "utf8",
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
    }


def _cut(descriptor: int) -> None:
    try:
        # A copy of the line's own descriptor, so that closing ours does not close the driver's.
        with socket.socket(fileno=os.dup(descriptor)) as line:
            line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself
