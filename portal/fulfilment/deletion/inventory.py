"""Counts what is in scope, table by table, before anything is touched."""

import hashlib
from uuid import UUID

from django.apps import apps

from audit.tree import Frontier
from portal.fulfilment.deletion.files import files_of
from portal.fulfilment.deletion.keys import living_keys
from portal.fulfilment.deletion.segments import FIRST, segments_of
from portal.fulfilment.work import Again, Finished, Job, Outcome
from portal.tickets.models import Tally
from portal.tickets.rules import Scope
from portal.tickets.stores import INTEGRATION

BATCH = 20_000
# An RFC 9162 leaf; the tree says which rows were counted without keeping their ids.
_LEAF = b"\x00"


def count_store(job: Job) -> Outcome:
    """One batch of ids of one segment: into the count and into the Merkle tree of its store."""
    pieces = segments_of(job.ticket)
    cursor = job.cursor
    index = int(cursor.get("segment", 0))
    if index == 0 and not cursor:
        _wait_for_writers(job)
        Tally.objects.filter(ticket=job.ticket).delete()
    if index == len(pieces):
        return _close(job, counted=int(cursor.get("counted", 0)))
    store, segment = pieces[index]
    frontier = Frontier(cursor.get("size", 0), map(bytes.fromhex, cursor.get("nodes", [])))
    ids = segment.ids_after(UUID(cursor.get("after", str(FIRST))), BATCH)
    for row_id in ids:
        frontier.append(hashlib.sha256(_LEAF + row_id.bytes).digest())
    counted = int(cursor.get("counted", 0)) + len(ids)
    if len(ids) == BATCH:
        place = {"segment": index, "after": str(ids[-1])}
        return Again(0, 0, place | _tree(frontier) | {"counted": counted})
    is_last = index + 1 == len(pieces) or pieces[index + 1][0] != store
    if not is_last:
        return Again(0, 0, {"segment": index + 1, "counted": counted} | _tree(frontier))
    _note(job, store.name, store.label, before=frontier.size, root=frontier.root().hex())
    return Again(0, 0, {"segment": index + 1, "counted": counted})


def _tree(frontier: Frontier) -> dict[str, object]:
    return {"size": frontier.size, "nodes": [node.hex() for node in frontier.nodes]}


def _close(job: Job, *, counted: int) -> Outcome:
    names, keys = files_of(job.ticket), living_keys(job.ticket).count()
    files = len(names)
    _note(job, "files", "Uploaded files", before=files)
    _note(job, "keys", "Encryption keys of integrations", before=keys)
    return Finished({"rows": counted, "files": files, "keys": keys, "names": names})


def _note(job: Job, store: str, label: str, *, before: int, root: str = "") -> None:
    Tally.objects.create(
        ticket=job.ticket,
        position=Tally.objects.filter(ticket=job.ticket).count() + 1,
        store=store,
        label=label,
        before=before,
        root=root,
    )


def _wait_for_writers(job: Job) -> None:
    """Queue up behind imports that hold their integration: later ones see the freeze."""
    rows = apps.get_model(INTEGRATION).objects.select_for_update(no_key=True)
    if job.ticket.scope == Scope.INTEGRATION:
        rows = rows.filter(pk=job.ticket.subject_id)
    list(rows.values_list("pk", flat=True))
