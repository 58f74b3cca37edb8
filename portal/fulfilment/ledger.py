"""The erasure ledger: what was erased, kept outside the database, replayed after a restore."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from audit.canonical import canonical
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope

Entry = dict[str, Any]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reading:
    """The whole entries, and the numbers of lines that a crash cut short."""

    entries: tuple[Entry, ...] = ()
    torn: tuple[int, ...] = ()
    # Where the last whole line ends: who reads on from there misses nothing.
    end: int = 0


def ledger_file() -> Path:
    folder: Path = settings.LEDGER_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "erasures.jsonl"


def append(ticket: Ticket, *, at: datetime) -> bool:
    """Write the erasure down, on disk before this returns; False when it stands there already."""
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
    with _alone() as descriptor:
        known = any(entry["ticket"] == str(ticket.pk) for entry in read().entries)
        if not known:
            start = b"" if _ends_whole(descriptor) else b"\n"
            _write(descriptor, start + line.encode() + b"\n")
        # Also for a line that stands there: whoever wrote it may have died before this.
        os.fsync(descriptor)
    return not known


def read() -> Reading:
    """Every line that can be read. One that cannot never hides the ones around it."""
    path = ledger_file()
    if not path.exists():
        return Reading()
    reading = _reading(path.read_bytes(), start=0)
    if reading.torn:
        log.warning(
            "lines of the erasure ledger cannot be read", file=str(path), lines=reading.torn
        )
    return reading


def read_on(start: int) -> Reading:
    """What came after `start`, where a whole line ended; `torn` counts from there."""
    with ledger_file().open("rb") as file:
        file.seek(start)
        return _reading(file.read(), start=start)


def _reading(text: bytes, *, start: int) -> Reading:
    found = [(number, _entry(line)) for number, line in enumerate(_lines(text), start=1)]
    torn = tuple(number for number, entry in found if entry is None)
    entries = tuple(entry for _number, entry in found if entry is not None)
    return Reading(entries, torn, start + text.rfind(b"\n") + 1)


def lines() -> Iterator[Entry]:
    """The entries so far, oldest first."""
    yield from read().entries


def instant_of(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry["at"])


@contextmanager
def _alone() -> Iterator[int]:
    """The file, open to append, for one process at a time; a dead process holds no lock."""
    path = ledger_file()
    is_new = not path.exists()
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if is_new:
            _keep_name(path.parent)
        yield descriptor
    finally:
        os.close(descriptor)


def _keep_name(folder: Path) -> None:
    """A new file's name is on disk only once its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ends_whole(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


def _write(descriptor: int, text: bytes) -> None:
    """All of it: the system may take less than it was given."""
    while text:
        text = text[os.write(descriptor, text) :]


def _lines(text: bytes) -> list[bytes]:
    return text.removesuffix(b"\n").split(b"\n") if text else []


def _entry(line: bytes) -> Entry | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) and _is_whole(entry) else None


def _is_whole(entry: Entry) -> bool:
    try:
        instant_of(entry)
        for name in ("organization", "subject", "ticket"):
            UUID(entry[name])
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return isinstance(entry.get("number"), str) and entry.get("scope") in set(Scope)
