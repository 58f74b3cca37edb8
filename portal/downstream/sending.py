"""One signed call to a downstream system, and what its answer means."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from standardwebhooks import Webhook

from audit.refusals import Refusal
from portal.downstream.models import Callback, Connector
from portal.downstream.rules import EVENTS
from portal.downstream.secrets import signing_secrets
from portal.fulfilment.deletion.sought import sought_by
from portal.outbound.addresses import AddressRefused, check
from portal.outbound.client import Answer, Client
from portal.tickets.models import Ticket
from portal.tickets.rules import Kind as RequestKind
from tenants.links import Purpose, signed_link
from tenants.models import Membership

SECONDS = 10.0
LIMIT = 64 * 1024
OK = 200

# Tests lead it to a receiver of their own; the product calls the public internet only.
client = Client()


@dataclass(frozen=True, slots=True)
class Reply:
    """Why it is not acknowledged, empty when it is, and the status of HTTP if any came."""

    because: str = ""
    status: int | None = None

    @property
    def acknowledged(self) -> bool:
        return not self.because


def refuse_address(url: str) -> None:
    """Raises AddressRefused for what this server may not call."""
    check(url, resolve=client.resolve, may_connect=client.may_connect, ports=client.ports)


def call(connector: Connector, callback: Callback, *, ticket: Ticket, at: datetime) -> Reply:
    """Tell it once. Never raises: a system that cannot be reached is tried again."""
    body = json.dumps(message_of(callback, ticket), separators=(",", ":"))
    try:
        answer = client.fetch(
            connector.url,
            method="POST",
            headers=_headers(connector, callback, body=body, at=at),
            body=body.encode(),
            limit_bytes=LIMIT,
            timeout=SECONDS,
        )
    except AddressRefused:
        return Reply("address-refused")
    except Refusal:
        return Reply("unreachable")
    return _read(answer)


def message_of(callback: Callback, ticket: Ticket) -> dict[str, Any]:
    """What a receiver needs to find the person or the data, and how it acknowledges."""
    began = ticket.contained_at or ticket.destroyed_at or ticket.received_at
    return {
        "type": EVENTS[RequestKind(ticket.kind)],
        "timestamp": _spelled(began),
        "data": {
            "request": ticket.number,
            "scope": ticket.scope,
            "subject": _subject(ticket),
            "access_blocked_at": _spelled(ticket.contained_at),
            "due_at": _spelled(ticket.due_at),
            "acknowledge_url": acknowledge_url(callback),
        },
    }


def acknowledge_url(callback: Callback) -> str:
    """Good for this one message; whoever holds it can say nothing else."""
    token = signed_link(
        Purpose.ACKNOWLEDGEMENT,
        organization_id=callback.organization_id,
        row_id=callback.pk,
        version=1,
    )
    return settings.BASE_URL + reverse("callback-acknowledge", args=[token])


def _headers(
    connector: Connector, callback: Callback, *, body: str, at: datetime
) -> dict[str, str]:
    signed = [
        Webhook(secret).sign(callback.message_id, at.astimezone(UTC), body)
        for secret in signing_secrets(connector, at)
    ]
    return {
        "Content-Type": "application/json",
        "webhook-id": callback.message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signed),
    }


def _read(answer: Answer) -> Reply:
    if not OK <= answer.status < 300:  # noqa: PLR2004  (the end of HTTP's successes)
        return Reply("answered-with-error", answer.status)
    if answer.status == OK and _says_acknowledged(answer.body):
        return Reply(status=answer.status)
    return Reply("not-acknowledged", answer.status)


def _says_acknowledged(body: bytes) -> bool:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("acknowledged") is True


def _subject(ticket: Ticket) -> dict[str, str]:
    found = {
        "kind": ticket.subject_kind,
        "id": str(ticket.subject_id),
        "name": ticket.subject_label,
    }
    if ticket.subject_kind == "member":
        found["email"] = _address(ticket)
    return found


def _address(ticket: Ticket) -> str:
    """Of somebody who is erased already, what the request keeps sealed until it ends."""
    member = Membership.objects.filter(pk=ticket.subject_id).first()
    if member is not None:
        return member.email
    sought = sought_by(ticket)
    return sought.address if sought else ""


def _spelled(instant: datetime | None) -> str | None:
    return instant.astimezone(UTC).isoformat() if instant else None
