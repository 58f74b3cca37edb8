"""The erasure ledger: what was erased, kept outside the database, replayed after a restore."""

import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from audit.canonical import canonical
from portal.tickets.models import Ticket


def ledger_file() -> Path:
    folder: Path = settings.LEDGER_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "erasures.jsonl"


def append(ticket: Ticket, *, at: datetime) -> bool:
    """Write the erasure down, on disk before this returns; False when it stands there already."""
    if any(line.get("ticket") == str(ticket.pk) for line in lines()):
        return False
    line = canonical(
        {
            "at": at,
            "number": ticket.number,
            "organization": ticket.organization_id,
            "scope": ticket.scope,
            "subject": ticket.subject_id,
            "subject_kind": ticket.subject_kind,
            "ticket": ticket.pk,
        }
    )
    # One write of one line in append mode: two workers cannot mix their lines.
    descriptor = os.open(ledger_file(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


def lines() -> Iterator[dict[str, Any]]:
    """The entries so far; a last line cut short by a crash is left out."""
    path = ledger_file()
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.endswith("\n"):
                yield json.loads(line)
