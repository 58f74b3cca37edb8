"""The list of requests as rows of a spreadsheet."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from portal.tickets.models.ticket import TicketQuerySet

CHUNK = 500


def header() -> list[str]:
    return [
        _("Number"), _("Request"), _("Scope"), _("About"), _("Status"), _("Filed by"),
        _("Filed through"), _("Received (UTC)"), _("Due (UTC)"), _("Access blocked (UTC)"),
        _("Done (UTC)"), _("Ended (UTC)"), _("Late"), _("Reason"),
    ]  # fmt: skip


def cells(rows: TicketQuerySet, at: datetime) -> Iterator[list[object]]:
    for row in rows.iterator(chunk_size=CHUNK):
        ticket = row.as_of(at)
        yield [
            ticket.number,
            ticket.get_kind_display(),
            ticket.get_scope_display(),
            ticket.subject_label,
            ticket.get_status_display(),
            ticket.requester_name,
            ticket.source,
            spelled(ticket.received_at),
            spelled(ticket.due_at),
            spelled(ticket.contained_at),
            spelled(ticket.met_at),
            spelled(ticket.ended_at),
            _("yes") if ticket.is_late(at) else _("no"),
            ticket.reason,
        ]


def spelled(instant: datetime | None) -> str:
    return instant.isoformat(timespec="seconds") if instant else ""
