"""Tries a connection without keeping anything: whether it works, and what it may too much."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audit.refusals import Invalid
from portal.catalog.connections import PostgresPlace, SqlitePlace, checked_place
from portal.catalog.ingest.postgresql import connected, count_relations, found_rights
from portal.catalog.ingest.postgresql.connecting import Limits
from portal.catalog.ingest.sqlite import count_tables, opened_file
from portal.catalog.refusals import ArtifactRefused

# Somebody waits for the answer.
QUICK = Limits(statement=5.0, grace=1.0)


@dataclass(frozen=True, slots=True)
class Trial:
    """How a try went; `code` is empty when it went well."""

    message: str
    code: str = ""
    warnings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.code


def try_connection(kind: str, given: Mapping[str, Any], *, password: str, workspace: str) -> Trial:
    """Raises Invalid for values that do not hold; what the source says is in the answer."""
    place = checked_place(kind, given)
    try:
        if isinstance(place, PostgresPlace):
            return _try_postgresql(place, password)
        if isinstance(place, SqlitePlace):
            return _try_sqlite(place, workspace)
    except ArtifactRefused as refusal:
        return Trial(refusal.message, refusal.reason)
    raise Invalid(
        _("There is nothing to try."),
        {"kind": _("An integration of this kind connects to nothing.")},
    )


def _try_postgresql(place: PostgresPlace, password: str) -> Trial:
    with connected(place, password, limits=QUICK) as line:
        found = count_relations(line, place)
        with line.bounded():
            warnings = found_rights(line.connection)
    return Trial(_seen(found), warnings=warnings)


def _try_sqlite(place: SqlitePlace, workspace: str) -> Trial:
    with opened_file(place, workspace) as database:
        return Trial(_seen(count_tables(database)))


def _seen(found: int) -> str:
    said = ngettext(
        "It works: %(n)d table or view can be seen.",
        "It works: %(n)d tables and views can be seen.",
        found,
    )
    return said % {"n": found}
