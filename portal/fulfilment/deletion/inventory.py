"""Counts what is in scope, table by table, before anything is touched."""

import hashlib
from uuid import UUID

from django.apps import apps

from audit.tree import Frontier
from portal.fulfilment.deletion.accounts import members_of, without_another
from portal.fulfilment.deletion.files import files_of
from portal.fulfilment.deletion.keys import living_keys
from portal.fulfilment.deletion.segments import FIRST, stores_in
from portal.fulfilment.work import Again, Finished, Job, Outcome
from portal.tickets.models import Tally
from portal.tickets.rules import Scope
from portal.tickets.stores import INTEGRATION

BATCH = 20_000
# An RFC 9162 leaf; the tree says which rows were counted without keeping their ids.
_LEAF = b"\x00"


def count_store(job: Job) -> Outcome:
    """One batch of ids of one piece: into the count and into the Merkle tree of its store."""
    cursor = job.cursor
    if not cursor:
        _wait_for_writers(job)
        Tally.objects.filter(ticket=job.ticket).delete()
    stores = stores_in(job.ticket)
    place, part = int(cursor.get("store", 0)), int(cursor.get("part", 0))
    counted = int(cursor.get("counted", 0))
    if place == len(stores):
        return _close(job, counted=counted)
    store, pieces = stores[place]
    frontier = Frontier(cursor.get("size", 0), map(bytes.fromhex, cursor.get("nodes", [])))
    if part == len(pieces):
        _note(job, store.name, store.label, before=frontier.size, root=frontier.root().hex())
        return Again(0, 0, {"store": place + 1, "counted": counted})
    ids = pieces[part].ids_after(UUID(cursor.get("after", str(FIRST))), BATCH)
    for row_id in ids:
        frontier.append(hashlib.sha256(_LEAF + row_id.bytes).digest())
    after = {"part": part, "after": str(ids[-1])} if len(ids) == BATCH else {"part": part + 1}
    return Again(0, 0, {"store": place, "counted": counted + len(ids)} | after | _tree(frontier))


def _tree(frontier: Frontier) -> dict[str, object]:
    return {"size": frontier.size, "nodes": [node.hex() for node in frontier.nodes]}


def _close(job: Job, *, counted: int) -> Outcome:
    names, keys = files_of(job.ticket), living_keys(job.ticket).count()
    files = len(names)
    _note(job, "files", "Stored files", before=files)
    _note(job, "keys", "Encryption keys", before=keys)
    accounts = len(without_another(members_of(job.ticket)))
    if accounts:
        _note(job, "accounts", "Accounts of people who are in no other workspace", before=accounts)
    # The names are many, and would outlive the files here: one hash tells which were counted.
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()
    return Finished({"rows": counted, "files": files, "keys": keys, "files_digest": digest})


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
    if job.ticket.scope == Scope.PERSON:
        return
    rows = apps.get_model(INTEGRATION).objects.select_for_update(no_key=True)
    if job.ticket.scope == Scope.INTEGRATION:
        rows = rows.filter(pk=job.ticket.subject_id)
    list(rows.values_list("pk", flat=True))
