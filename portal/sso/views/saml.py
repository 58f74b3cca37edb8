"""The three addresses of a SAML connection: ACS, finish, metadata."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from portal.sso.completing import complete_sign_in, complete_step_up
from portal.sso.connecting import acs_url_of, entity_id_of, keys_of, parties_of
from portal.sso.models import Connection, ConnectionKey, UsedAssertion
from portal.sso.parking import Parked, forget, park, unpark
from portal.sso.providers import provider_for
from portal.sso.recording import notes_of, record_accepted
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.rollover import follow_key
from portal.sso.saml.certificates import bare
from portal.sso.saml.explaining import explain_guarded, unreadable
from portal.sso.saml.guard import guard
from portal.sso.saml.markup import MAX_ENCODED
from portal.sso.saml.names import (
    FORMAT_EMAIL,
    FORMAT_PERSISTENT,
    FORMAT_UNSPECIFIED,
    PREFERRED_ENCRYPTIONS,
    REQUESTED_ATTRIBUTES,
)
from portal.sso.saml.profile import VerifiedAssertion
from portal.sso.saml.validating import verify_guarded
from portal.sso.testing import complete_test, is_test
from portal.sso.unasked import goal_in, state_of_unasked
from portal.sso.views.doors import require_in_use, through_connection
from portal.sso.views.limits import within_limit
from portal.ui.needs import open_to_all
from portal.ui.pages import page

# The response, form-encoded, and a RelayState.
MAX_BODY = MAX_ENCODED * 5 // 4


@csrf_exempt
@open_to_all(reason="The identity provider posts here, from its own origin.", methods=("POST",))
@never_cache
@through_connection
def acs(request: HttpRequest, connection: Connection, at: datetime) -> HttpResponse:
    """Validate what was posted, and let the browser carry the key to the result on.

    RelayState counts only when nobody asked; else where to go next was remembered at the start.
    """
    if not within_limit(request, "acs"):
        raise SignInRefused(Reason.TOO_MANY)
    _require_described(connection)
    notes = notes_of(request)
    notes.is_test = not connection.is_in_use
    verified = _verified(request, connection, at=at)
    if UsedAssertion.objects.filter(
        connection=connection, assertion_id=verified.assertion_id
    ).exists():
        raise SignInRefused(Reason.REPLAYED)
    goal = ""
    if not verified.in_response_to:
        goal = goal_in(request, request.POST.get("RelayState", ""), connection)
    response = redirect("sso-finish", connection.pk)
    park(response, connection, Parked(verified, notes.checks, goal), at=at)
    return response


def _verified(request: HttpRequest, connection: Connection, *, at: datetime) -> VerifiedAssertion:
    """Guard, explain, judge: the flight recorder keeps how each rule went, whatever comes of it."""
    notes = notes_of(request)
    try:
        guarded = guard(_posted(request), keys_of(connection))
    except SignInRefused as refusal:
        notes.checks = (unreadable(refusal),)
        raise
    notes.checks = explain_guarded(guarded, connection, at=at)
    verified = verify_guarded(guarded, parties_of(connection), at=at)
    follow_key(guarded, connection, at=at)
    return verified


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
    _require_described(connection)
    notes = notes_of(request)
    notes.is_test = not connection.is_in_use
    parked = unpark(request, connection, at=at)
    if parked is None:
        raise SignInRefused(Reason.OTHER_BROWSER)
    notes.checks = parked.checks
    state = _state_of(request, connection, parked)
    with transaction.atomic():
        _use_up(connection, parked.verified)
        response = _completed(request, connection, parked, state=state, at=at)
    return forget(response)


def _completed(
    request: HttpRequest,
    connection: Connection,
    parked: Parked,
    *,
    state: dict[str, Any],
    at: datetime,
) -> HttpResponse:
    """A test shows its result; anything else needs a connection in use."""
    identity = parked.verified.identity
    if is_test(state):
        return complete_test(
            request, connection, identity, checks=parked.checks, state=state, at=at
        )
    require_in_use(connection)
    provider = provider_for(request, connection, identity)
    if (state.get("data") or {}).get("step_up"):
        response = complete_step_up(request, provider, state, at=at)
    else:
        response = complete_sign_in(request, provider, state, at=at)
    record_accepted(request, connection, at=at)
    return response


def _state_of(request: HttpRequest, connection: Connection, parked: Parked) -> dict[str, Any]:
    """What this browser's own request remembered. Raises SignInRefused."""
    asked = parked.verified.in_response_to
    if not asked:
        return state_of_unasked(request, connection, parked)
    try:
        state: dict[str, Any] = provider_for(request, connection).unstash_redirect_state(
            request, asked
        )
    except PermissionDenied as missing:
        raise SignInRefused(Reason.OTHER_BROWSER) from missing
    return state


def _require_described(connection: Connection) -> None:
    """A connection of another kind has no such address; one half set up knows nobody yet."""
    if not connection.is_saml:
        raise Http404
    if not (connection.idp_entity_id and connection.pems()):
        raise SignInRefused(Reason.INACTIVE)


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


@open_to_all(reason="Identity providers read it while they are set up.")
@through_connection
def metadata(request: HttpRequest, connection: Connection, at: datetime) -> HttpResponse:
    """Our side of the connection, for the customer's IT: addresses, and our certificates."""
    if not connection.is_saml:
        raise Http404
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
