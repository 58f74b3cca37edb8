"""The page before the identity provider, the same for every kind of connection."""

from datetime import datetime
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from portal.sso.entering import safe_next
from portal.sso.models import Connection, Domain
from portal.sso.providers import provider_for
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.rules import domain_of
from portal.sso.views.confirming import leads_to_provider
from portal.sso.views.doors import require_in_use, through_connection
from portal.sso.views.entrance import EMAIL_KEY
from portal.sso.views.leading import with_goal
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
    ways = ways_into(connection.organization)
    if not ways.offers(connection):
        raise SignInRefused(Reason.NOT_ALLOWED)
    goal = safe_next(request)
    provider = provider_for(request, connection)
    if request.method == "POST":
        if not within_limit(request, "start"):
            raise SignInRefused(Reason.TOO_MANY)
        return provider.redirect(request, "login", next_url=goal or None)
    context = {
        "label": next(way.label for way in ways.single_sign_on if way.connection == connection),
        "domain": _typed_domain(request),
        "next": goal,
        "host": urlsplit(provider.sends_to()).netloc,
        "password_url": with_goal(reverse("account_login"), goal) if ways.password else "",
    }
    return leads_to_provider(page(request, "sso/start.html", context), provider)


def _typed_domain(request: HttpRequest) -> str:
    """The domain that led here; a page for somebody unknown names nothing else of the customer."""
    name = domain_of(str(request.session.get(EMAIL_KEY, "")))
    return name if Domain.objects.verified().filter(name=name).exists() else ""
