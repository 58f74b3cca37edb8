"""The first steps at each address of a connection: find it, open its scope, show refusals."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse

from portal.sso.connecting import find_door
from portal.sso.models import Connection
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.refusing import refuse_sign_in
from tenants.clock import now
from tenants.scoping import organization_scope

ConnectionView = Callable[[HttpRequest, Connection, datetime], HttpResponse]


def through_connection(view: ConnectionView) -> Callable[..., HttpResponse]:
    """Open the scope of the connection's organization; turn a refused sign-in into its page."""

    @wraps(view)
    def run(request: HttpRequest, connection_id: UUID) -> HttpResponse:
        door = find_door(connection_id)
        if door is None:
            raise Http404
        with organization_scope(door.organization.pk):
            connection = Connection.objects.select_related("organization").get(
                pk=door.connection_id
            )
            at = now()
            try:
                return view(request, connection, at)
            except SignInRefused as refusal:
                return refuse_sign_in(request, connection, refusal, at=at)

    return run


def require_in_use(connection: Connection) -> None:
    """Raises SignInRefused."""
    if not connection.is_in_use:
        raise SignInRefused(Reason.INACTIVE)
