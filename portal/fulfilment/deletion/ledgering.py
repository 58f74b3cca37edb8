"""Notes the erasure in the ledger outside the database, before the point of no return."""

from portal.fulfilment import ledger
from portal.fulfilment.work import Finished, Job, Outcome


def note_erasure(job: Job) -> Outcome:
    """From here on a restored backup must erase again, even if this run dies half way."""
    ledger.append(job.ticket, at=job.at)
    return Finished({"ledger": "noted"})
