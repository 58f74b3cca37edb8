"""Reads back, store by store, whether anything is left; what is left goes back to the eraser."""

from portal.fulfilment import readback, readback_files
from portal.fulfilment.work import Again, Finished, Job, Outcome, Repair
from portal.tickets.models import Tally

_SPECIAL = {
    "files": readback_files.files_left,
    "keys": readback.keys_left,
    "accounts": readback.accounts_left,
}


def verify_store(job: Job) -> Outcome:
    """One store a piece; the residue of each stands in its tally."""
    stores = [*readback.tables_to_check(job.ticket), *_SPECIAL]
    place = int(job.cursor.get("store", 0))
    if place < len(stores):
        left = _count(job, stores[place])
        _note(job, stores[place], left)
        return Again(place + 1, len(stores), {"store": place + 1, **_sum(job, left)})
    residue = int(job.cursor.get("residue", 0))
    if residue:
        return Repair(("keys", "files", "accounts", "rows", "storage"), because="residue")
    return Finished({"stores": len(stores), "residue": 0})


def _count(job: Job, store: str) -> int:
    special = _SPECIAL.get(store)
    return special(job.ticket) if special else readback.rows_left(job.ticket, store)


def _note(job: Job, store: str, left: int) -> None:
    noted = Tally.objects.filter(ticket=job.ticket, store=store).update(
        after=left, checked_at=job.at
    )
    if not noted and left:
        Tally.objects.create(
            ticket=job.ticket,
            position=Tally.objects.filter(ticket=job.ticket).count() + 1,
            store=store,
            label=store,
            before=left,
            after=left,
            checked_at=job.at,
        )


def _sum(job: Job, left: int) -> dict[str, int]:
    return {"residue": int(job.cursor.get("residue", 0)) + left}
