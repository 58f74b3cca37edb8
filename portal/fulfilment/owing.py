"""Which erasures of the ledger a restored database still owes; such workspaces stay shut."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from portal.fulfilment import ledger
from portal.fulfilment.ledger import Entry
from portal.tickets import rules
from portal.tickets.models import Step, Ticket
from portal.tickets.rules import Kind, Status
from tenants.models import Organization
from tenants.scoping import system_scope

# The ledger's file is looked at this often, never with every request.
LOOK_EVERY_SECONDS = 5.0
BATCH = 500


def owed() -> list[Entry]:
    """The entries, oldest first, whose erasure this database knows nothing of."""
    return _compared(ledger.read().entries)[0]


def _compared(entries: Sequence[Entry]) -> tuple[list[Entry], Entry | None]:
    """Those that are owed, and the newest that is settled here.

    The ledger is read before the database: what it names was claimed by a step before.
    """
    with system_scope("erasures that a restored database owes"):
        named = sorted({UUID(entry["organization"]) for entry in entries})
        there = {pk for some in _batches(named) for pk in _there(some)}
        mine = [entry for entry in entries if UUID(entry["organization"]) in there]
        settled = _settled(mine)
    newest = next((one for one in reversed(mine) if UUID(one["ticket"]) in settled), None)
    return [entry for entry in mine if UUID(entry["ticket"]) not in settled], newest


def held_organizations() -> frozenset[UUID]:
    """From memory; compared again when the ledger grew, and while something is owed."""
    mark = _memory.mark
    if time.monotonic() < _memory.good_until and mark is not None:
        return _memory.held
    if mark is None or _mark() != mark or _memory.held:
        return glance()
    _memory.good_until = time.monotonic() + LOOK_EVERY_SECONDS
    return _memory.held


def look_again() -> frozenset[UUID]:
    """Compare the whole ledger with the database now."""
    mark, reading = _mark(), ledger.read()
    owing, witness = _compared(reading.entries)
    _remember(owing, mark, reading.end, witness=witness)
    return _memory.held


def glance() -> frozenset[UUID]:
    """As true as comparing everything, for the price of what is new.

    The ledger only grows, and a restored database lacks the newest erasures first: so it is
    enough that the newest one known here still stands, and that those noted since do.
    """
    mark, known = _mark(), _memory
    if known.mark is None or known.held or not _continues(known.mark, mark):
        return look_again()
    if known.witness is not None and not _stands(known.witness):
        return look_again()
    if mark == known.mark:
        known.good_until = time.monotonic() + LOOK_EVERY_SECONDS
        return known.held
    fresh = ledger.read_on(known.end)
    owing, witness = _compared(fresh.entries)
    if fresh.torn:
        return look_again()
    _remember(owing, mark, fresh.end, witness=witness or known.witness)
    return known.held


def problem() -> str:
    """For the page that machines ask whether this process may serve."""
    held = glance()
    if not held:
        return ""
    return f"{len(held)} restored workspaces are shut: run `manage.py replay_erasures`"


def forget() -> None:
    """As a process that has just begun."""
    _memory.mark, _memory.held, _memory.witness = None, frozenset(), None


Mark = tuple[int, int, int]


@dataclass(slots=True)
class _Memory:
    held: frozenset[UUID] = frozenset()
    mark: Mark | None = None
    # How far the ledger was read, and the newest of its erasures that stood in the database.
    end: int = 0
    witness: Entry | None = None
    good_until: float = field(default=0.0)


_memory = _Memory()


def _remember(owing: Sequence[Entry], mark: Mark, end: int, *, witness: Entry | None) -> None:
    _memory.held = frozenset(UUID(entry["organization"]) for entry in owing)
    _memory.mark, _memory.end, _memory.witness = mark, end, witness
    _memory.good_until = time.monotonic() + LOOK_EVERY_SECONDS


def _mark() -> Mark:
    """What changes with every entry: size and instant of the file, and which file it is."""
    path = ledger.ledger_file()
    try:
        there = path.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    return (there.st_size, there.st_mtime_ns, there.st_ino)


def _continues(before: Mark, after: Mark) -> bool:
    """Whether this is the same file, grown or as it was."""
    return before == after or (before[2] == after[2] and before[0] < after[0])


def _stands(entry: Entry) -> bool:
    with system_scope("erasures that a restored database owes"):
        return bool(_settled([entry]))


def _batches(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _there(ids: Sequence[UUID]) -> list[UUID]:
    return list(Organization.objects.filter(pk__in=ids).values_list("pk", flat=True))


def _settled(entries: list[Entry]) -> set[UUID]:
    """Tickets that are erased here, or whose own erasure wrote the line and goes on."""
    noted_at = {UUID(entry["ticket"]): ledger.instant_of(entry) for entry in entries}
    settled: set[UUID] = set()
    for some in _batches(list(noted_at)):
        settled |= _erased(some)
        # A step that began after the line was written is the restored request at work again.
        settled |= {pk for pk, began_at in _noting(some) if began_at <= noted_at[pk]}
    return settled


def _erased(tickets: Sequence[UUID]) -> set[UUID]:
    """Of these the ones that are erased, by themselves or by the request that followed."""
    rows = Ticket.unscoped.filter(
        Q(pk__in=tickets) | Q(previous_id__in=tickets), kind=Kind.DELETION, status=Status.ERASED
    )
    return {pk for row in rows.values_list("pk", "previous_id") for pk in row} - {None}


def _noting(tickets: Sequence[UUID]) -> list[tuple[UUID, datetime]]:
    steps = Step.unscoped.filter(
        ticket_id__in=tickets,
        ticket__status__in=sorted(rules.FREEZING),
        name="ledger",
    )
    rows = steps.values_list("ticket_id", "started_at")
    return [(pk, began_at) for pk, began_at in rows if began_at is not None]
