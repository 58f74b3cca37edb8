"""A file of what a grant covers, read through the door piece by piece.

Each piece is decided when it is read, and recorded with it: a file that is being sent ends with
the access, and nothing has to stop it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from audit.refusals import Refusal
from portal.grants.door import open_door
from portal.grants.reading import ResourceView, read_resources
from portal.grants.rules import Capability
from portal.grants.staff import visiting_grant
from tenants.access import Actor
from tenants.clock import now
from tenants.lasting import let_in_again
from tenants.permissions import Permission

# One decision for each piece: small, so that little has left when access ends.
PIECE: Final = 50


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows that left the door together; `ended` says that access ended before the last row."""

    rows: tuple[ResourceView, ...]
    ended: bool = False


def resource_pieces(actor: Actor, grant_id: UUID, *, route: str) -> Iterator[Piece]:
    """All resources in scope. The first piece is read at once, and raises as any read does."""
    first, cursor = _piece(actor, grant_id, route=route, cursor="")
    return _going_on(actor, grant_id, route=route, first=first, cursor=cursor)


def _going_on(
    actor: Actor, grant_id: UUID, *, route: str, first: Piece, cursor: str
) -> Iterator[Piece]:
    yield first
    while cursor:
        try:
            # Whom a new request would refuse gets nothing more of this one either.
            reader = let_in_again(actor, at=now())
            reader.require(Permission.GRANT_REQUEST)
            piece, cursor = _piece(reader, grant_id, route=route, cursor=cursor)
        except Refusal:
            yield Piece((), ended=True)
            return
        yield piece


def _piece(actor: Actor, grant_id: UUID, *, route: str, cursor: str) -> tuple[Piece, str]:
    """Opens its own scope: the one of the request has closed when a later piece is read."""
    with visiting_grant(actor, grant_id) as (visitor, grant):
        at = now()
        with open_door(
            grant.pk, visitor=visitor, at=at, capability=Capability.METADATA, route=route
        ) as opening:
            page = read_resources(opening, cursor=cursor, size=PIECE)
            return Piece(tuple(page.rows)), page.next_cursor


def header() -> list[str]:
    return [_("Id"), _("Name"), _("Path"), _("Kind"), _("Fields"), _("Description")]


def cells(pieces: Iterator[Piece]) -> Iterator[list[object]]:
    for piece in pieces:
        if piece.ended:
            # Read by itself the file must not pass for a whole one.
            yield [_("The access ended here. This file is not complete.")]
        for row in piece.rows:
            yield [row.id, row.name, row.path, row.kind, row.field_count, row.description]


def as_json(row: ResourceView) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "integration_id": str(row.integration_id),
        "name": row.name,
        "path": row.path,
        "kind": row.kind,
        "description": row.description,
        "field_count": row.field_count,
        "masked": row.masked,
    }
