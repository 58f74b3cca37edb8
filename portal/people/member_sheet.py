"""The list of members as rows of a spreadsheet."""

from collections.abc import Iterator
from datetime import UTC, datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from tenants.models import Entry, Membership

CHUNK = 500


def header() -> list[str]:
    return [
        _("Name"),
        _("E-mail address"),
        _("Role"),
        _("Teams"),
        _("Access"),
        _("Came by"),
        _("Signs in by"),
        _("Joined"),
        _("Last seen"),
        _("Access ends"),
    ]


def cells(rows: QuerySet[Membership]) -> Iterator[list[object]]:
    methods = dict(Entry.Method.choices)
    for member in rows.iterator(chunk_size=CHUNK):
        places = getattr(member, "seen_places", [])
        yield [
            member.name,
            member.email,
            member.role_label,
            " | ".join(place.team.name for place in places),
            member.get_status_display(),
            member.get_source_display(),
            methods.get(getattr(member, "last_method", None) or "", ""),
            _instant(member.joined_at),
            _instant(member.last_seen_at),
            _instant(member.access_ends_at),
        ]


def _instant(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at else ""
