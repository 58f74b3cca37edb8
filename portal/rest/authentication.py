"""Who is calling: a bearer token in the Authorization header, and nowhere else."""

import re
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from audit.refusals import Malformed, NotPermitted, Refusal
from portal.rest.throttling import FAILURES, spend
from tenants.access import Actor
from tenants.clock import now
from tenants.middleware import facts_of
from tenants.models import ApiToken
from tenants.resolving import RequestFacts, actor_for_token
from tenants.scoping import organization_scope
from tenants.tokens import authenticate_digest, authenticate_token

REALM = 'Bearer realm="gatehouse"'
# RFC 6750 2.3 allows a token in the query; logs and histories then keep it, so it is refused.
QUERY_NAMES = frozenset({"access_token", "api_key", "apikey", "auth", "authorization", "token"})
# Put into the environment by code of this process alone: a server names headers HTTP_*.
STORED_TOKEN = "gatehouse.stored_token"  # noqa: S105 - a name
BEARER = re.compile(r"^bearer +(?P<token>[!-~]{1,512})$", re.IGNORECASE)


class TokenAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Actor, ApiToken]:
        """Return the token's actor. Raises 401 for every credential that does not work."""
        plain = request._request  # noqa: SLF001 - Django's own request
        refuse_unsafe_transport(plain)
        at, facts = now(), facts_of(plain)
        stored = plain.META.get(STORED_TOKEN)
        if stored:
            return _by_digest(*stored, facts=facts, at=at)
        raw = _raw_token(plain)
        try:
            token = authenticate_token(raw, at=at, address=facts.address)
        except Refusal as refusal:
            spend(FAILURES, facts.address, at=at)
            raise AuthenticationFailed(refusal.message, code="invalid-token") from refusal
        with organization_scope(token.organization_id):
            return actor_for_token(token, facts=facts, at=at), token

    def authenticate_header(self, request: Request) -> str:
        if request.META.get("HTTP_AUTHORIZATION"):
            return f'{REALM}, error="invalid_token"'
        return REALM


def _by_digest(
    prefix: str, digest: str, *, facts: RequestFacts, at: datetime
) -> tuple[Actor, ApiToken]:
    """A stored token knocking from inside this process: the proof of no access."""
    try:
        token = authenticate_digest(prefix, digest, at=at, address=None)
    except Refusal as refusal:
        raise AuthenticationFailed(refusal.message, code="invalid-token") from refusal
    with organization_scope(token.organization_id):
        return actor_for_token(token, facts=facts, at=at), token


def refuse_unsafe_transport(request: HttpRequest) -> None:
    """Raises NotPermitted, Malformed for a token that others may have read on its way."""
    if settings.BASE_URL.startswith("https:") and not request.is_secure():
        raise NotPermitted(_("Use https. A token sent over plain http must be replaced."))
    if any(name.lower() in QUERY_NAMES for name in request.GET):
        raise Malformed(
            _(
                "A token may not stand in the address. Send it in the Authorization header, "
                "and replace this one: addresses are written to logs."
            )
        )


def _raw_token(request: HttpRequest) -> str:
    header = request.META.get("HTTP_AUTHORIZATION", "")
    if not header:
        raise NotAuthenticated(_("Send a token: Authorization: Bearer <token>."))
    match = BEARER.match(header)
    if match is None:
        raise AuthenticationFailed(
            _("The Authorization header must read: Bearer <token>."), code="invalid-token"
        )
    return match["token"]
