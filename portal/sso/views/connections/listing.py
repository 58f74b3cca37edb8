"""The page of single sign-on: every connection at a glance, and what belongs to it."""

from django.http import HttpResponse

from portal.sso.attempts import lines_of
from portal.sso.attention import attention_for
from portal.sso.models import Connection, SignInAttempt
from portal.sso.usage import usage_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission

ATTEMPTS_SHOWN = 10


@needs(Permission.SSO_VIEW)
def connection_list(request: PortalRequest) -> HttpResponse:
    connections = list(Connection.objects.order_by("created_at", "id"))
    usage = usage_of(connections)
    attempts = SignInAttempt.objects.select_related("connection", "membership").order_by("-id")
    return page(
        request,
        "sso/connection_list.html",
        {
            "connections": [
                {
                    "row": connection,
                    "usage": usage[connection.provider_id],
                    "ends_at": min(
                        (c.expires_at for c in connection.certificates()[:1]), default=None
                    ),
                }
                for connection in connections
            ],
            "lines": lines_of(attempts[:ATTEMPTS_SHOWN]),
            "attention": attention_for(request.actor),
        },
    )
