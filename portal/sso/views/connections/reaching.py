"""How the pages of setting up find a connection, and where a refused form leads back to."""

from uuid import UUID

from django.shortcuts import get_object_or_404

from portal.sso.framing import frame_of
from portal.sso.models import Connection
from portal.ui.requests import PortalRequest


def connection_of(request: PortalRequest, connection_id: UUID) -> Connection:
    """One that this actor may see; a set-up link sees its own alone. Raises Http404."""
    found: Connection = get_object_or_404(
        Connection.objects.visible_to(request.actor), pk=connection_id
    )
    return found


def to_connection(request: PortalRequest) -> str:
    match = request.resolver_match
    connection_id = match.kwargs["connection_id"] if match else ""
    return frame_of(request).url("connection-show", connection_id)


def to_list(request: PortalRequest) -> str:
    return frame_of(request).url("connection-list")
