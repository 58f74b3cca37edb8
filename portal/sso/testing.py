"""Test logins: through the real identity provider and all rules, but nobody is signed in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from portal.sso.actions import pass_test
from portal.sso.configuration import configuration_digest
from portal.sso.entering import entry_of
from portal.sso.identity import Identity
from portal.sso.models import Connection
from portal.sso.providers import provider_for
from portal.sso.recording import notes_of, record_accepted
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.verdicts import Check, passed, redacted
from portal.ui.pages import page
from tenants.access import Actor
from tenants.middleware import facts_of
from tenants.models import Membership
from tenants.resolving import actor_for_member

State = Mapping[str, Any]


def begin_test(request: HttpRequest, connection: Connection, *, member: Membership) -> HttpResponse:
    """Send a tester to the identity provider; what comes back counts as a test, whatever it is.

    The caller has made sure that this member may test.
    """
    test = {"digest": configuration_digest(connection), "member": str(member.pk)}
    return provider_for(request, connection).redirect(request, "login", data={"test": test})


def is_test(state: State) -> bool:
    """Whether a sign-in was started as a test."""
    return bool((state.get("data") or {}).get("test"))


def complete_test(
    request: HttpRequest,
    connection: Connection,
    identity: Identity,
    *,
    checks: Sequence[Check],
    state: State,
    at: datetime,
) -> HttpResponse:
    """Record the test, count it if every rule was kept, and show how each went.

    Raises ConnectionStateWrong when the configuration was changed during the test.
    """
    test = state["data"]["test"]
    tester = _tester(request, UUID(test["member"]))
    notes = notes_of(request)
    notes.identity, notes.checks, notes.is_test = identity, checks, True
    reference = record_accepted(request, connection, at=at)
    if passed(checks):
        pass_test(connection, actor=tester, at=at, digest=test["digest"])
    context = {
        "connection": connection,
        "checks": checks,
        "claims": redacted(identity.claims),
        "has_passed": passed(checks),
        "reference": reference,
    }
    return page(request, "sso/test_result.html", context)


def _tester(request: HttpRequest, member_id: UUID) -> Actor:
    """Who began the test, if this browser is still let in as that member."""
    member = Membership.objects.filter(pk=member_id).first()
    entry = entry_of(request, member) if member else None
    if member is None or entry is None:
        raise SignInRefused(Reason.OTHER_BROWSER)
    return actor_for_member(member, entry=entry, facts=facts_of(request))
