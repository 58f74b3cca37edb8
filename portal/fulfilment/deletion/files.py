"""Removes uploaded files, before the rows that name them; a file already gone is fine."""

from collections.abc import Sequence
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import F, QuerySet

from portal.catalog.files import FOLDER
from portal.catalog.models import Upload
from portal.fulfilment.work import Again, Finished, Job, Outcome
from portal.tickets.models import Tally, Ticket
from portal.tickets.rules import Scope

BATCH = 50


def files_of(ticket: Ticket) -> list[str]:
    """Stored files of the scope that are still there."""
    names = _uploads(ticket).filter(deleted_at__isnull=True).values_list("path", flat=True)
    return [name for name in names if default_storage.exists(name)]


def erase_files(job: Job) -> Outcome:
    """Fifty uploads a piece, in the order of their ids."""
    done = int(job.cursor.get("done", 0))
    uploads = _uploads(job.ticket).order_by("pk")
    if job.cursor:
        uploads = uploads.filter(pk__gt=UUID(job.cursor["after"]))
    batch = list(uploads.values_list("pk", "path")[:BATCH])
    removed = _remove([path for _, path in batch])
    Tally.objects.filter(ticket=job.ticket, store="files").update(erased=F("erased") + removed)
    done += removed
    if len(batch) < BATCH:
        if job.ticket.scope == Scope.ALL_METADATA:
            # Also what a transaction wrote that never committed: no row names it.
            done += _remove(_folder_of(job.ticket))
        return Finished({"files": done})
    return Again(done, done, {"after": str(batch[-1][0]), "done": done})


def _remove(paths: Sequence[str]) -> int:
    present = [path for path in paths if default_storage.exists(path)]
    for path in present:
        default_storage.delete(path)
    return len(present)


def _folder_of(ticket: Ticket) -> list[str]:
    folder = f"{FOLDER}/{ticket.organization_id}"
    try:
        return [f"{folder}/{name}" for name in default_storage.listdir(folder)[1]]
    except FileNotFoundError:
        return []


def _uploads(ticket: Ticket) -> QuerySet[Upload]:
    uploads: QuerySet[Upload] = Upload.objects.all()
    if ticket.scope == Scope.INTEGRATION:
        uploads = uploads.filter(integration_id=ticket.subject_id)
    return uploads
