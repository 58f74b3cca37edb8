"""Test logins of a connection: begun here, and each kept with its result, rule by rule."""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from audit.refusals import NotFound
from portal.sso.actions import ConnectionIncomplete, pass_test
from portal.sso.attempts import lines_of
from portal.sso.connecting import find_door
from portal.sso.framing import framed, workspace_frame
from portal.sso.models import Connection, SignInAttempt
from portal.sso.progress import is_described
from portal.sso.providers import provider_for
from portal.sso.refusals import SignInRefused
from portal.sso.testing import Tester, begin_test, holder_of, show_to
from portal.sso.views.confirming import leads_to_provider
from portal.sso.views.connections.reaching import connection_of, to_connection
from portal.sso.views.connections.showing import common
from portal.ui.needs import needs, open_to_all
from portal.ui.requests import PortalRequest
from tenants.clock import now
from tenants.holding import WorkspaceHeld
from tenants.middleware import facts_of
from tenants.permissions import Permission
from tenants.resolving import EntryLapsed, actor_for_session
from tenants.scoping import organization_scope

SHOWN = 5


@needs(Permission.SSO_VIEW)
def connection_test(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """What a test does, the button, and the latest results."""
    connection = connection_of(request, connection_id)
    attempts = SignInAttempt.objects.filter(connection=connection, is_test=True)
    latest = list(attempts.select_related("connection").order_by("-id")[:SHOWN])
    context = {
        **common(request, connection),
        "lines": lines_of(latest),
    }
    response = framed(request, "sso/connection_test.html", context)
    if not context["is_described"]:
        return response
    try:
        return leads_to_provider(response, provider_for(request, connection))
    except SignInRefused as refusal:  # an OpenID provider that does not answer
        return framed(request, "sso/connection_test.html", {**context, "trouble": refusal})


@needs(pass_test.permission, methods=("POST",), refusal_to=to_connection)
def connection_test_begin(request: PortalRequest, connection_id: UUID) -> HttpResponse:
    """Off to the identity provider, like a sign-in."""
    connection = connection_of(request, connection_id)
    if not is_described(connection):
        raise ConnectionIncomplete(_("Fill in your identity provider's side first."))
    return begin_test(request, connection, actor=request.actor)


@needs(Permission.SSO_VIEW)
def connection_result(request: PortalRequest, connection_id: UUID, reference: str) -> HttpResponse:
    """A result that was kept: the same rules, with what came redacted."""
    return _result(request, connection_of(request, connection_id), reference)


def _result(request: HttpRequest, connection: Connection, reference: str) -> HttpResponse:
    attempt = SignInAttempt.objects.filter(
        connection=connection, reference=reference, is_test=True
    ).first()
    if attempt is None:
        raise Http404
    failed = sum(not check["passed"] for check in attempt.checks)
    context = {
        "connection": connection,
        "checks": attempt.checks,
        "claims": sorted(attempt.claims.items()),
        "has_passed": attempt.accepted and not failed,
        "failed": failed,
        "reason": "" if attempt.accepted else attempt.get_reason_display(),
        "reference": attempt.reference,
        "attempt": attempt,
    }
    return framed(request, "sso/test_result.html", context)


@open_to_all(
    reason="Linked from the refusal, where nobody is known; only a member's or holder's browser "
    "finds anything."
)
@never_cache
def result_show(request: HttpRequest, connection_id: UUID, reference: str) -> HttpResponse:
    """From the page of a refused test to its result; to any other browser it does not exist."""
    door = find_door(connection_id)
    if door is None:
        raise Http404
    with organization_scope(door.organization.pk):
        connection = Connection.objects.select_related("organization").get(pk=door.connection_id)
        at = now()
        looker = holder_of(request, connection, at=at) or _member(request, connection, at=at)
        if looker is None:
            raise NotFound(_("There is nothing here."))
        show_to(request, looker, at=at)
        return _result(request, connection, reference)


def _member(request: HttpRequest, connection: Connection, *, at: datetime) -> Tester | None:
    key, user_id = request.session.session_key, request.user.pk
    if key is None or user_id is None:
        return None
    organization = connection.organization
    try:
        actor = actor_for_session(key, user_id, organization, at=at, facts=facts_of(request))
    except (EntryLapsed, WorkspaceHeld):
        return None
    if actor is None or not actor.may(Permission.SSO_VIEW):
        return None
    return Tester(actor, workspace_frame(organization.slug))
