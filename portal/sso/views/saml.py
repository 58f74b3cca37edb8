"""The four addresses of a SAML connection: start, ACS, finish, metadata."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from portal.sso.completing import complete_sign_in, complete_step_up
from portal.sso.connecting import acs_url_of, entity_id_of, find_door, parties_of
from portal.sso.entering import safe_next
from portal.sso.models import Connection, ConnectionKey, UsedAssertion
from portal.sso.parking import forget, park, unpark
from portal.sso.providers import provider_for
from portal.sso.recording import record_accepted
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.refusing import refuse_sign_in
from portal.sso.saml.certificates import bare
from portal.sso.saml.guard import MAX_ENCODED
from portal.sso.saml.names import (
    FORMAT_EMAIL,
    FORMAT_PERSISTENT,
    FORMAT_UNSPECIFIED,
    PREFERRED_ENCRYPTIONS,
    REQUESTED_ATTRIBUTES,
)
from portal.sso.saml.profile import VerifiedAssertion
from portal.sso.saml.validating import validate_response
from portal.sso.views.confirming import leads_to_provider
from portal.sso.views.limits import within_limit
from portal.sso.ways_in import ways_into
from portal.ui.needs import open_to_all
from portal.ui.pages import page
from tenants.clock import now
from tenants.scoping import organization_scope

# The response, form-encoded, and a RelayState.
MAX_BODY = MAX_ENCODED * 5 // 4
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


@open_to_all(reason="Signing in by SSO starts here.", methods=("GET", "POST"))
@never_cache
@through_connection
def start(request: HttpRequest, connection: Connection, at: datetime) -> HttpResponse:
    """Say where the person is about to go; on their word, go there with an AuthnRequest."""
    _require_in_use(connection)
    goal = safe_next(request)
    if request.method == "POST":
        if not within_limit(request, "start"):
            raise SignInRefused(Reason.TOO_MANY)
        provider = provider_for(request, connection)
        return provider.redirect(request, "login", next_url=goal or None)
    ways = ways_into(connection.organization)
    context = {
        "connection": connection,
        "organization": connection.organization,
        "next": goal,
        "host": connection.idp_sso_url.split("/")[2],
        "password_url": _password_url(goal) if ways.password else "",
    }
    return leads_to_provider(page(request, "sso/start.html", context), connection)


def _password_url(goal: str) -> str:
    where = reverse("account_login")
    return f"{where}?{urlencode({'next': goal})}" if goal else where


@csrf_exempt
@open_to_all(reason="The identity provider posts here, from its own origin.", methods=("POST",))
@never_cache
@through_connection
def acs(request: HttpRequest, connection: Connection, at: datetime) -> HttpResponse:
    """Validate what was posted and let the browser carry the result on; stores nothing.

    RelayState is not read: where to go next was remembered when the sign-in started.
    """
    if not within_limit(request, "acs"):
        raise SignInRefused(Reason.TOO_MANY)
    _require_in_use(connection)
    verified = validate_response(_posted(request), parties_of(connection), at=at)
    if UsedAssertion.objects.filter(
        connection=connection, assertion_id=verified.assertion_id
    ).exists():
        raise SignInRefused(Reason.REPLAYED)
    response = redirect("sso-finish", connection.pk)
    park(response, connection.pk, verified)
    return response


def _posted(request: HttpRequest) -> str:
    """Exactly one SAMLResponse in a form of bearable size, looked at before it is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MAX_BODY:
        raise SignInRefused(Reason.TOO_LARGE, received=f"{length} bytes")
    if request.content_type != "application/x-www-form-urlencoded":
        raise SignInRefused(Reason.NOT_BASE64, received=request.content_type or "")
    posted = request.POST.getlist("SAMLResponse")
    if len(posted) != 1:
        raise SignInRefused(Reason.NOT_BASE64, received=f"{len(posted)} responses")
    return posted[0]


@open_to_all(reason="The browser comes back here from the identity provider.")
@never_cache
@through_connection
def finish(request: HttpRequest, connection: Connection, at: datetime) -> HttpResponse:
    """Match the parked result with the request this browser made, and complete the sign-in."""
    _require_in_use(connection)
    verified = unpark(request, connection.pk)
    if verified is None:
        raise SignInRefused(Reason.OTHER_BROWSER)
    state = _state_of(request, connection, verified)
    with transaction.atomic():
        _use_up(connection, verified)
        provider = provider_for(request, connection, verified.identity)
        if (state.get("data") or {}).get("step_up"):
            response = complete_step_up(request, provider, state, at=at)
        else:
            response = complete_sign_in(request, provider, state, at=at)
        record_accepted(connection, at=at)
    return forget(response)


def _state_of(
    request: HttpRequest, connection: Connection, verified: VerifiedAssertion
) -> dict[str, Any]:
    provider = provider_for(request, connection)
    try:
        state: dict[str, Any] = provider.unstash_redirect_state(request, verified.in_response_to)
    except PermissionDenied as missing:
        raise SignInRefused(Reason.OTHER_BROWSER) from missing
    return state


def _use_up(connection: Connection, verified: VerifiedAssertion) -> None:
    try:
        with transaction.atomic():
            UsedAssertion.objects.create(
                connection=connection,
                assertion_id=verified.assertion_id,
                expires_at=verified.expires_at,
            )
    except IntegrityError as used:
        raise SignInRefused(Reason.REPLAYED) from used


def _require_in_use(connection: Connection) -> None:
    if not connection.is_in_use:
        raise SignInRefused(Reason.INACTIVE)


@open_to_all(reason="Identity providers read it while they are set up.")
@through_connection
def metadata(request: HttpRequest, connection: Connection, at: datetime) -> HttpResponse:
    """Our side of the connection, for the customer's IT: addresses, and our certificates."""
    keys = list(ConnectionKey.objects.filter(connection=connection).published())
    context = {
        "entity_id": entity_id_of(connection.pk),
        "acs_url": acs_url_of(connection.pk),
        "certificates": [bare(key.certificate) for key in keys],
        "is_signed": connection.signs_requests and bool(keys),
        "formats": (FORMAT_PERSISTENT, FORMAT_EMAIL, FORMAT_UNSPECIFIED),
        "encryptions": PREFERRED_ENCRYPTIONS,
        "attributes": REQUESTED_ATTRIBUTES,
    }
    response = page(request, "sso/metadata.xml", context)
    response.headers["Content-Type"] = "application/samlmetadata+xml; charset=utf-8"
    response.headers["Content-Disposition"] = 'inline; filename="gatehouse-metadata.xml"'
    return response
