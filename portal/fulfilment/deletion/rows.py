"""Erases rows in bounded chunks of plain SQL; memory and other people's waiting stay flat."""

from uuid import UUID

from django.db import connection
from django.db.models import F, Sum

from portal.fulfilment.deletion.names import take_names_out
from portal.fulfilment.deletion.segments import FIRST, as_values, quoted, stores_in
from portal.fulfilment.work import Again, Finished, Job, Outcome
from portal.tickets.models import Tally
from portal.tickets.stores import references


def erase_rows(job: Job) -> Outcome:
    """One chunk; the place to go on commits with it, so a killed worker loses nothing."""
    cursor = job.cursor
    stores = stores_in(job.ticket)
    place, after = int(cursor.get("store", 0)), UUID(cursor.get("after", str(FIRST)))
    done, total = int(cursor.get("done", 0)), cursor.get("total") or _counted(job)
    if not cursor:
        take_names_out(job.ticket)
        cut_references(job)
    if place == len(stores):
        return Finished({"rows": done})
    store, mine = stores[place]
    part = int(cursor.get("part", 0))
    if part >= len(mine):
        return _on(done, total, store=place + 1)
    up_to = mine[part].last_of_chunk(after)
    erased = mine[part].delete(after, up_to)
    Tally.objects.filter(ticket=job.ticket, store=store.name).update(erased=F("erased") + erased)
    done += erased
    if up_to is None:
        return _on(done, total, store=place, part=part + 1)
    return _on(done, total, store=place, part=part, after=str(up_to))


def cut_references(job: Job) -> None:
    """Rows that stay let go of rows that leave."""
    pieces = {store.model: segments for store, segments in stores_in(job.ticket)}
    for model, field in references(job.ticket.scope, job.ticket.subject_id):
        table, column = quoted(model._meta.db_table), quoted(field.column)  # noqa: SLF001
        for piece in pieces[field.related_model]:  # type: ignore[index]
            with connection.cursor() as sql:
                sql.execute(
                    f"UPDATE {table} SET {column} = NULL WHERE organization_id = %s"  # noqa: S608
                    f" AND {column} IN (SELECT id FROM {piece.table} WHERE {piece.where})",
                    as_values([job.ticket.organization_id, *piece.values]),
                )


def _counted(job: Job) -> int:
    rows = Tally.objects.filter(ticket=job.ticket).exclude(store__in=["files", "keys", "accounts"])
    return int(rows.aggregate(all=Sum("before"))["all"] or 0)


def _on(done: int, total: int, **place: object) -> Again:
    return Again(done, total, {"done": done, "total": total, **place})
