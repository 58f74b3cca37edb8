"""The address to which an OpenID provider sends the browser back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from audit.refusals import Malformed
from portal.sso.completing import complete_sign_in, complete_step_up
from portal.sso.identity import Identity
from portal.sso.knocking import proven_identity
from portal.sso.models import Connection
from portal.sso.oidc.applications import application_of
from portal.sso.oidc.asking import connection_in
from portal.sso.oidc.directories import is_answer_to_us
from portal.sso.oidc.explaining import explain
from portal.sso.oidc.findings import Asked, Examination
from portal.sso.oidc.signing_in import Returned, examine_sign_in
from portal.sso.providers import ConnectionProvider, provider_for
from portal.sso.recording import notes_of, record_accepted
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.testing import complete_test, is_test
from portal.sso.verdicts import Check
from portal.sso.views.doors import require_in_use, through_connection
from portal.sso.views.limits import within_limit
from portal.ui.needs import open_to_all
from portal.ui.pages import page

MAX_STATE = 200
MAX_CODE = 8 * 1024

State = Mapping[str, Any]


@open_to_all(reason="The browser comes back here from the OpenID provider.")
@never_cache
@through_connection
def callback(request: HttpRequest, connection: Connection, at: datetime) -> HttpResponse:
    """Match the answer with the request this browser made, redeem it, and complete the sign-in."""
    if connection.is_saml:
        raise Http404
    if not within_limit(request, "callback"):
        raise SignInRefused(Reason.TOO_MANY)
    if "admin_consent" in request.GET:
        return _consented(request, connection)
    state = _state_of(request, connection)
    notes_of(request).is_test = is_test(state)
    if not is_test(state):
        require_in_use(connection)
    identity, checks = _vouched_for(request, connection, state, at=at)
    notes_of(request).checks = checks
    with transaction.atomic():
        if is_test(state):
            return complete_test(request, connection, identity, checks=checks, state=state, at=at)
        response = _completed(request, provider_for(request, connection, identity), state, at=at)
        record_accepted(request, connection, at=at)
    return response


def _vouched_for(
    request: HttpRequest, connection: Connection, state: State, *, at: datetime
) -> tuple[Identity, Sequence[Check]]:
    """Who it is, and how each rule went. Raises SignInRefused."""
    proven = proven_identity(request)
    if proven is not None:
        return proven, ()
    examination = _examined(request, connection, state, at=at)
    return examination.require(), explain(examination)


def _consented(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Microsoft's page of the admin's consent ends here; what it says changes nothing of ours."""
    if not is_answer_to_us(connection, request.GET.get("state", "")):
        raise Malformed(_("This is no answer to us, or a late one. Start from the set-up page."))
    said = request.GET["admin_consent"].lower() == "true" and "error" not in request.GET
    tenant_id = request.GET.get("tenant", "").lower()
    is_elsewhere = said and tenant_id != connection.tenant_id
    context = {"is_given": said and not is_elsewhere, "is_elsewhere": is_elsewhere}
    return page(request, "sso/consented.html", context)


@open_to_all(reason="The vendor's applications at Google and Microsoft have one address.")
@never_cache
def vendor_callback(request: HttpRequest) -> HttpResponse:
    """Lead an answer to its connection; there the browser's session must know the state."""
    connection_id = connection_in(request.GET.get("state", "")[:MAX_STATE])
    if connection_id is None:
        raise Malformed(_("This is no answer to a sign-in. Start from the sign-in page."))
    return callback(request, connection_id)


def _state_of(request: HttpRequest, connection: Connection) -> State:
    """What this browser's session remembers of the request; good for one answer."""
    sent = request.GET.getlist("state")
    if len(sent) != 1 or len(sent[0]) > MAX_STATE:
        raise SignInRefused(Reason.OTHER_BROWSER, received=f"{len(sent)} states")
    try:
        state: State = provider_for(request, connection).unstash_redirect_state(request, sent[0])
    except PermissionDenied as missing:
        raise SignInRefused(Reason.OTHER_BROWSER) from missing
    return state


def _examined(
    request: HttpRequest, connection: Connection, state: State, *, at: datetime
) -> Examination:
    error = request.GET.get("error")
    if error is not None:
        said = f"{error} {request.GET.get('error_description', '')}".strip()
        raise SignInRefused(Reason.NOT_SUCCESS, expected="a code", received=said)
    codes = request.GET.getlist("code")
    if len(codes) != 1 or not 0 < len(codes[0]) <= MAX_CODE:
        raise SignInRefused(Reason.WRONG_ANSWER, expected="a code", received=f"{len(codes)} codes")
    asked_at = (state.get("data") or {}).get("asked_at")
    asked = Asked(
        application=application_of(connection),
        nonce=str(state["nonce"]),
        at=at,
        fresh_since=datetime.fromisoformat(asked_at) if asked_at else None,
    )
    returned = Returned(
        code=codes[0], issuer=request.GET.get("iss"), verifier=str(state["verifier"])
    )
    return examine_sign_in(connection, returned, asked=asked)


def _completed(
    request: HttpRequest, provider: ConnectionProvider, state: State, *, at: datetime
) -> HttpResponse:
    if (state.get("data") or {}).get("step_up"):
        return complete_step_up(request, provider, state, at=at)
    return complete_sign_in(request, provider, state, at=at)
