"""The erasure ledger when writers die, come together, or are cut short."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as ours

from portal.fulfilment import ledger
from portal.tickets.models import Ticket

# A process of its own that notes erasures: so many, or until it is killed.
WRITER = """
import sys
from uuid import UUID, uuid4
import django
django.setup()
from portal.fulfilment import ledger
from portal.tickets.models import Ticket
from datetime import UTC, datetime

print("ready", flush=True)
for number in range(int(sys.argv[1])):
    one = {"number": f"DEL-{number}", "subject_id": UUID(int=2), "scope": "integration"}
    made = Ticket(pk=uuid4(), organization_id=uuid4(), **one)
    ledger.append(made, at=datetime.now(UTC))
    shared = Ticket(pk=UUID(int=number), organization_id=UUID(int=1), **one)
    ledger.append(shared, at=datetime.now(UTC))
"""


@pytest.fixture
def file(tmp_path: Path, settings: Any) -> Path:
    settings.LEDGER_FOLDER = tmp_path / "ledger"
    return ledger.ledger_file()


def a_ticket() -> Ticket:
    return Ticket(
        pk=uuid4(), organization_id=uuid4(), number="DEL-1", subject_id=uuid4(), scope="integration"
    )


def writer(home: Path, count: int) -> "subprocess.Popen[str]":
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.portal.fulfilment.worker_settings",
        "WORKER_DATABASE": "unused",
        "WORKER_HOME": str(home),
    }
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(count)],
        env=environment,
        cwd=Path(ours.BASE_DIR),
        stdout=subprocess.PIPE,
        text=True,
    )


def test_an_entry_after_a_torn_line_can_be_read(file: Path) -> None:
    """The symptom: the next entry was joined to what a crash had left, and both were lost."""
    first, second = a_ticket(), a_ticket()
    ledger.append(first, at=datetime.now(UTC))
    with file.open("ab") as end:
        end.write(b'{"at":"2026-01-01T00:00:00Z","num\xc3')

    assert ledger.append(second, at=datetime.now(UTC))

    reading = ledger.read()
    assert [entry["ticket"] for entry in reading.entries] == [str(first.pk), str(second.pk)]
    assert reading.torn == (2,)


def test_a_last_line_that_lacks_only_its_end_counts(file: Path) -> None:
    ticket = a_ticket()
    ledger.append(ticket, at=datetime.now(UTC))
    file.write_bytes(file.read_bytes().removesuffix(b"\n"))

    assert not ledger.append(ticket, at=datetime.now(UTC))
    assert ledger.append(a_ticket(), at=datetime.now(UTC))
    assert (len(ledger.read().entries), ledger.read().torn) == (2, ())


@pytest.mark.parametrize("text", [b"[]\n", b"7\n", b'{"number":"DEL-1"}\n', b"\n", b"\x00\x00\n"])
def test_what_is_no_entry_is_told_by_its_line(file: Path, text: bytes) -> None:
    file.write_bytes(text)
    ticket = a_ticket()
    ledger.append(ticket, at=datetime.now(UTC))

    reading = ledger.read()

    assert reading.torn == (1,)
    assert [entry["ticket"] for entry in reading.entries] == [str(ticket.pk)]


def test_a_short_write_is_finished(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The symptom: a full disk or a signal took half a line, and nobody looked."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda target, text: real(target, text[:7]))
    ticket = a_ticket()

    ledger.append(ticket, at=datetime.now(UTC))

    monkeypatch.undo()
    assert [entry["ticket"] for entry in ledger.read().entries] == [str(ticket.pk)]


@pytest.mark.thorough
def test_eight_processes_at_once_write_each_entry_once(file: Path) -> None:
    crowd = [writer(file.parent.parent, 20) for _ in range(8)]
    for process in crowd:
        process.communicate(timeout=120)
        assert process.returncode == 0

    reading = ledger.read()

    names = [entry["ticket"] for entry in reading.entries]
    assert reading.torn == ()
    assert len(names) == len(set(names)) == 8 * 20 + 20


@pytest.mark.thorough
def test_a_writer_killed_at_any_moment_loses_no_entry_of_others(file: Path) -> None:
    for pause in (0.002, 0.01, 0.05):
        before = [entry["ticket"] for entry in ledger.read().entries]
        with writer(file.parent.parent, 100_000) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(pause)
            process.send_signal(signal.SIGKILL)
        ticket = a_ticket()
        assert ledger.append(ticket, at=datetime.now(UTC))
        names = [entry["ticket"] for entry in ledger.read().entries]
        assert names[: len(before)] == before
        assert names[-1] == str(ticket.pk)
