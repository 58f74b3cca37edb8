"""The list of what a person could come in with, written down before anything is destroyed."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from audit.sealing import destroy_keys, seal, unseal
from portal.tickets.models import Finding, Ticket

PURPOSE = "ticket"


def note_credential(
    ticket: Ticket,
    *,
    kind: str,
    label: str,
    identity: str,
    handle: Mapping[str, str],
    last_used_at: datetime | None = None,
) -> bool:
    """Keep what is needed to try the credential later, sealed. False when it is listed already."""
    fingerprint = hashlib.sha256(f"{kind}\0{identity}".encode()).hexdigest()
    known = Finding.objects.filter(ticket=ticket, kind=kind, fingerprint=fingerprint)
    if known.exists():
        return False
    Finding.objects.create(
        ticket=ticket,
        kind=kind,
        label=label[:160],
        fingerprint=fingerprint,
        sealed_handle=seal(
            json.dumps(dict(handle)),
            organization_id=ticket.organization_id,
            purpose=PURPOSE,
            subject=str(ticket.pk),
            context=f"finding:{fingerprint}",
        ),
        last_used_at=last_used_at,
    )
    return True


def handle_of(finding: Finding) -> dict[str, str]:
    text = unseal(
        finding.sealed_handle,
        organization_id=finding.organization_id,
        context=f"finding:{finding.fingerprint}",
    )
    opened: dict[str, str] = json.loads(text)
    return opened


def forget_handles(ticket: Ticket) -> int:
    """Once the proof stands nothing that could be tried is kept."""
    return destroy_keys(
        organization_id=ticket.organization_id, purpose=PURPOSE, subject=str(ticket.pk)
    )
