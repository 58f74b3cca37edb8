"""The one HTTP client that leaves the house: checked addresses, no redirects, hard limits."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from audit.refusals import Refusal
from portal.outbound.addresses import (
    PORTS,
    Address,
    Destination,
    Resolver,
    check,
    is_public,
    system_resolver,
)

CONNECT_SECONDS = 5.0
_CHUNK = 16 * 1024


class FetchFailed(Refusal):
    """The other side did not answer as it must; says in which way."""

    status = 409
    code = "fetch-failed"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Client:
    """Tests give their own resolver, listener and trust; the product uses `fetch` below."""

    resolve: Resolver = system_resolver
    may_connect: Callable[[Address], bool] = is_public
    ports: frozenset[int] = PORTS
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        limit_bytes: int = 1024 * 1024,
        timeout: float = 10.0,
    ) -> Answer:
        """One request to one checked address. Raises AddressRefused or FetchFailed.

        A redirect is an answer like any other: following it would need a new check.
        """
        deadline = time.monotonic() + timeout
        destination = check(
            url, resolve=self.resolve, may_connect=self.may_connect, ports=self.ports
        )
        sent = {
            "User-Agent": "Gatehouse",
            **(headers or {}),
            "Host": destination.host_header,
            "Accept-Encoding": "identity",
            "Connection": "close",
        }
        try:
            with self._connected(destination, deadline) as connection:
                connection.request(
                    method, destination.target, body=body, headers=sent, preload_content=False
                )
                answer = _read(connection.getresponse(), limit_bytes)
        except (HTTPError, OSError, ValueError) as error:
            late = time.monotonic() >= deadline
            raise FetchFailed(_why(error, late=late, host=destination.host)) from error
        if time.monotonic() >= deadline:  # cut short, which looks like an end to the parser
            raise FetchFailed(_why(TimeoutError(), late=True, host=destination.host))
        return answer

    @contextmanager
    def _connected(self, destination: Destination, deadline: float) -> Iterator[HTTPSConnection]:
        """Connect to an address that was checked, under the name that was asked for.

        The watchdog ends the whole exchange: a server that sends a byte now and then would
        never run into a time-out of the socket.
        """
        connection = self._connect(destination, deadline)
        watchdog = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, [connection.sock])
        watchdog.daemon = True
        watchdog.start()
        try:
            yield connection
        finally:
            watchdog.cancel()
            connection.close()

    def _connect(self, destination: Destination, deadline: float) -> HTTPSConnection:
        failure: Exception = OSError("no address")
        for address in destination.addresses:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            connection = HTTPSConnection(
                str(address),
                destination.port,
                timeout=min(left, CONNECT_SECONDS),
                server_hostname=destination.host,
                ssl_context=self.trust,
            )
            try:
                connection.connect()
            except (HTTPError, OSError) as error:
                connection.close()
                failure = error
            else:
                return connection
        raise failure


def _cut(sock: socket.socket) -> None:
    try:
        # The plain socket's method: the TLS one would pull its state from under the reader.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
    except OSError:
        return  # the exchange ended by itself


def _read(response: BaseHTTPResponse, limit: int) -> Answer:
    received = bytearray()
    while chunk := response.read1(_CHUNK, decode_content=False):
        received += chunk
        if len(received) > limit:
            raise FetchFailed(_("The answer is larger than %d bytes.") % limit)
    return Answer(response.status, dict(response.headers.items()), bytes(received))


def _why(error: Exception, *, late: bool, host: str) -> str:
    if late or isinstance(error, TimeoutError):
        return _("%s did not answer in time.") % host
    if isinstance(error, ssl.SSLError) or "certificate" in str(error).lower():
        return _("The certificate of %s is not valid.") % host
    return _("%s could not be reached, or did not speak HTTP.") % host


fetch = Client().fetch
