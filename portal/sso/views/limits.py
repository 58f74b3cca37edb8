"""Rate limits at the door, counted by address."""

from allauth.core.internal import ratelimit
from django.http import HttpRequest
from django.utils.translation import gettext as _

from audit.refusals import TooMany

_RATES = {
    "email": "30/m/ip",
    "start": "30/m/ip",
    "acs": "60/m/ip",
    "confirm": "20/m/ip",
    "domain": "20/m/ip",
    "setup": "20/m/ip",
    "metadata": "10/m/ip",
}


def within_limit(request: HttpRequest, action: str) -> bool:
    return ratelimit.consume(request, app="portal.sso", action=action, config=_RATES) is not None


def require_limit(request: HttpRequest, action: str) -> None:
    """Raises TooMany."""
    if not within_limit(request, action):
        raise TooMany(_("Too many attempts. Wait a minute and try again."))
