"""A receiver on loopback that speaks HTTPS and checks signatures, and workers called by hand."""

import http.server
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from standardwebhooks import Webhook

from portal.downstream import sending
from portal.downstream.actions import ConnectorFacts, add_connector
from portal.downstream.models import Connector
from portal.downstream.rules import Kind
from portal.outbound.client import Client
from portal.tickets import rules
from portal.tickets.models import Step, Ticket
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership
from tests.portal.fulfilment.conftest import Work, _ledger_of_its_own, integration, work

__all__ = ["Work", "_ledger_of_its_own", "integration", "work"]
LOOPBACK = ip_address("127.0.0.1")
NAME = "crm.example.com"
ActorOf = Callable[..., Actor]


@dataclass
class Receiver:
    """Somebody else's system: keeps what it was told and answers as it is set."""

    port: int = 0
    status: int = 200
    body: bytes = b'{"acknowledged": true}'
    calls: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    meanwhile: Callable[[dict[str, Any]], None] | None = None

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.port}/gatehouse"

    @property
    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _headers, body in self.calls]

    def checked(self, secret: str) -> list[dict[str, Any]]:
        """Every call, its signature checked as a receiver would. Raises when one is wrong."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.calls]


def handler_of(receiver: Receiver) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.calls.append(({k.lower(): v for k, v in self.headers.items()}, body))
            if receiver.meanwhile is not None:
                receiver.meanwhile(json.loads(body))
                connection.close()  # this thread's own
            self.send_response(receiver.status)
            self.send_header("Content-Length", str(len(receiver.body)))
            self.end_headers()
            self.wfile.write(receiver.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return

    return Handler


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """It listens, and the product's client is led to it as its public address would."""
    from tests.portal.outbound.test_client import certificate  # noqa: PLC0415  (its own tests)

    made = Receiver()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_of(made))
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pem = certificate(tmp_path, NAME)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    made.port = server.server_address[1]
    client = Client(
        resolve=lambda _host, _port: [LOOPBACK],
        may_connect=lambda _address: True,
        ports=frozenset({made.port}),
        trust=ssl.create_default_context(cafile=str(pem)),
    )
    monkeypatch.setattr(sending, "client", client)
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass(frozen=True)
class Told:
    """A downstream system with the secret that its owner copied."""

    connector: Connector
    secret: str


@pytest.fixture
def crm(
    receiver: Receiver, ada: Membership, sia: Membership, actor_of: ActorOf, at: datetime
) -> Told:
    facts = ConnectorFacts(name="CRM", url=receiver.url, responsible=sia, on_deletion=True)
    return Told(*add_connector(Kind.CALLBACK, facts, actor=actor_of(ada), at=at))


@pytest.fixture
def doors(ada: Membership, sia: Membership, actor_of: ActorOf, at: datetime) -> Connector:
    facts = ConnectorFacts(
        name="Door list",
        instruction="Take them off the door list.",
        evidence_asked="The day, and who did it.",
        responsible=sia,
    )
    made, _secret = add_connector(Kind.MANUAL, facts, actor=actor_of(ada), at=at)
    return made


def step_of(ticket: Ticket, connector: Connector) -> Step:
    found: Step = Step.objects.get(ticket=ticket, name=f"downstream:{connector.pk.hex}")
    return found


def time_goes_by(ticket: Ticket, share: float) -> None:
    """As if this share of the promised time were gone; whoever waits looks again now."""
    at = now()
    received = at - rules.TIME_TO_FULFIL * share - timedelta(seconds=5)
    Ticket.objects.filter(pk=ticket.pk).update(
        filed_at=received,
        received_at=received,
        due_at=rules.due_at(received),
        contained_at=received,
        wake_at=at,
    )
    Step.objects.filter(ticket=ticket, wait_until__isnull=False).update(wait_until=at)
