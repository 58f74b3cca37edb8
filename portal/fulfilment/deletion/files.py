"""Removes uploaded files, before the rows that name them; a file already gone is fine."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from uuid import UUID

from django.core.files.storage import default_storage
from django.db.models import F, QuerySet

from portal.catalog.files import folder_of, walk
from portal.catalog.models import Upload
from portal.fulfilment.work import Again, Finished, Job, Outcome
from portal.tickets.models import Tally, Ticket
from portal.tickets.rules import Scope
from portal.tickets.stores import stores_of

BATCH = 50


def files_of(ticket: Ticket) -> list[str]:
    """Stored files of the scope that are still there: what rows name, and what none does."""
    if not has_files(ticket):
        return []
    names = _uploads(ticket).filter(deleted_at__isnull=True).values_list("path", flat=True)
    named = {name for name in names if _is_kept(name)}
    return sorted(named.union(walk(_folder(ticket))))


def erase_files(job: Job) -> Outcome:
    """Fifty uploads a piece, in the order of their ids, and in the end the whole folder."""
    if not has_files(job.ticket):
        return Finished(skipped=True)
    done = int(job.cursor.get("done", 0))
    uploads = _uploads(job.ticket).order_by("pk")
    if job.cursor:
        uploads = uploads.filter(pk__gt=UUID(job.cursor["after"]))
    batch = list(uploads.values_list("pk", "path")[:BATCH])
    done += _remove(job, [path for _, path in batch])
    if len(batch) == BATCH:
        return Again(done, done, {"after": str(batch[-1][0]), "done": done})
    # What a transaction wrote that never committed: no row names it, only its folder does.
    done += _remove(job, list(walk(_folder(job.ticket))))
    _remove_folder(_folder(job.ticket))
    return Finished({"files": done})


def _remove(job: Job, paths: Iterable[str]) -> int:
    removed = 0
    for path in paths:
        if _is_kept(path):
            default_storage.delete(path)
            removed += 1
    Tally.objects.filter(ticket=job.ticket, store="files").update(erased=F("erased") + removed)
    return removed


def _is_kept(path: str) -> bool:
    """In an object store a deleted file may still be there: as an older version."""
    is_there = getattr(default_storage, "is_kept", default_storage.exists)
    return bool(is_there(path))


def _remove_folder(folder: str) -> None:
    delete_under = getattr(default_storage, "delete_under", None)
    if delete_under is not None:
        delete_under(folder)
        return
    for emptied in _emptied(folder):
        with suppress(OSError):
            default_storage.delete(emptied)


def has_files(ticket: Ticket) -> bool:
    if ticket.scope == Scope.DATA_CLASS:
        return any(store.model is Upload for store in stores_of(ticket.scope, ticket.subject_id))
    return ticket.scope != Scope.PERSON


def _folder(ticket: Ticket) -> str:
    """Nothing can be written there meanwhile: the scope is frozen."""
    if ticket.scope == Scope.INTEGRATION:
        return folder_of(ticket.organization_id, ticket.subject_id)
    return folder_of(ticket.organization_id)


def _emptied(folder: str) -> Iterator[str]:
    """The folder and those in it, the deepest first."""
    with suppress(FileNotFoundError):
        for name in default_storage.listdir(folder)[0]:
            yield from _emptied(f"{folder}/{name}")
        yield folder


def _uploads(ticket: Ticket) -> QuerySet[Upload]:
    uploads: QuerySet[Upload] = Upload.objects.all()
    if ticket.scope == Scope.INTEGRATION:
        uploads = uploads.filter(integration_id=ticket.subject_id)
    return uploads
