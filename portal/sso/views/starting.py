"""The page before the identity provider, the same for every kind of connection."""

from datetime import datetime
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from portal.sso.entering import safe_next
from portal.sso.models import Connection
from portal.sso.providers import provider_for
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.views.confirming import leads_to_provider
from portal.sso.views.doors import require_in_use, through_connection
from portal.sso.views.limits import within_limit
from portal.sso.ways_in import ways_into
from portal.ui.needs import open_to_all
from portal.ui.pages import page


@open_to_all(reason="Signing in by SSO starts here.", methods=("GET", "POST"))
@never_cache
@through_connection
def start(request: HttpRequest, connection: Connection, at: datetime) -> HttpResponse:
    """Say where the person is about to go; on their word, go there with a request."""
    require_in_use(connection)
    if not within_limit(request, "start"):
        raise SignInRefused(Reason.TOO_MANY)
    goal = safe_next(request)
    provider = provider_for(request, connection)
    if request.method == "POST":
        return provider.redirect(request, "login", next_url=goal or None)
    ways = ways_into(connection.organization)
    context = {
        "connection": connection,
        "organization": connection.organization,
        "next": goal,
        "host": urlsplit(provider.sends_to()).netloc,
        "password_url": _password_url(goal) if ways.password else "",
    }
    return leads_to_provider(page(request, "sso/start.html", context), provider)


def _password_url(goal: str) -> str:
    where = reverse("account_login")
    return f"{where}?{urlencode({'next': goal})}" if goal else where
