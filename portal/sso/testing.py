"""Test logins: through the real identity provider and all rules, but nobody is signed in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from portal.sso.actions import pass_test
from portal.sso.configuration import configuration_digest
from portal.sso.entering import entry_of
from portal.sso.foreseeing import Foreseen, domain_check, foresee
from portal.sso.framing import Frame, framed, setup_frame, workspace_frame
from portal.sso.holding import actor_for_link, is_good, is_holder, signed_of
from portal.sso.identity import Identity
from portal.sso.models import Connection, SetupLink
from portal.sso.providers import provider_for
from portal.sso.recording import notes_of, record_accepted
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.verdicts import Check, passed
from tenants.access import Actor, ActorKind
from tenants.middleware import facts_of
from tenants.models import Membership
from tenants.resolving import actor_for_member

State = Mapping[str, Any]


@dataclass(frozen=True)
class Tester:
    """Who looks at a test, and in which frame."""

    actor: Actor
    frame: Frame


def begin_test(request: HttpRequest, connection: Connection, *, actor: Actor) -> HttpResponse:
    """Send a tester to the identity provider; what comes back counts as a test, whatever it is.

    The caller has made sure that this actor may test.
    """
    test = {
        "digest": configuration_digest(connection),
        "by": str(actor.kind),
        "id": str(actor.id),
    }
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

    What came is shown whole this once, to whoever tested; it is kept redacted. Raises
    ConnectionStateWrong when the configuration was changed during the test.
    """
    test = state["data"]["test"]
    tester = _tester(request, connection, test, at=at)
    checks = [*checks, domain_check(identity)] if connection.is_saml else [*checks]
    notes = notes_of(request)
    notes.identity, notes.checks, notes.is_test = identity, checks, True
    foreseen = _foreseen(tester, connection, identity, at=at)
    reference = record_accepted(request, connection, at=at)
    if passed(checks):
        connection = pass_test(connection, actor=tester.actor, at=at, digest=test["digest"])
    show_to(request, tester, at=at)
    context = {
        "connection": connection,
        "checks": [check.as_row() for check in checks],
        "claims": sorted((name, list(values)) for name, values in identity.claims.items()),
        "subject": identity.subject,
        "has_passed": passed(checks),
        "failed": sum(not check.passed for check in checks),
        "foreseen": foreseen,
        "reference": reference,
        "is_fresh": True,
    }
    return framed(request, "sso/test_result.html", context)


def _foreseen(
    tester: Tester, connection: Connection, identity: Identity, *, at: datetime
) -> Foreseen | None:
    """Not for the holder of a set-up link, who chooses the provider and so whom it names.

    What would become of that tells who is a member here, and who is in charge.
    """
    signed_in = tester.actor.membership
    if signed_in is None:
        return None
    return foresee(connection, identity, at=at, present=signed_in.user_id)


def show_to(request: HttpRequest, tester: Tester, *, at: datetime) -> None:
    """Put the page that follows into the tester's own frame."""
    request.actor = tester.actor  # type: ignore[attr-defined]
    request.organization = tester.actor.organization  # type: ignore[attr-defined]
    request.at = at  # type: ignore[attr-defined]
    request.frame = tester.frame  # type: ignore[attr-defined]


def _tester(
    request: HttpRequest, connection: Connection, test: Mapping[str, str], *, at: datetime
) -> Tester:
    """Who began the test, if this browser still is theirs. Raises SignInRefused."""
    if test["by"] == ActorKind.SETUP_LINK:
        found = holder_of(request, connection, at=at)
    else:
        found = member_of(request, connection, UUID(test["id"]))
    if found is None or str(found.actor.id) != test["id"]:
        raise SignInRefused(Reason.OTHER_BROWSER)
    return found


def holder_of(request: HttpRequest, connection: Connection, *, at: datetime) -> Tester | None:
    """The holder of an open set-up link for this connection, by the browser's cookie."""
    for link in SetupLink.objects.select_related("created_by").filter(connection=connection):
        if is_holder(request, link) and is_good(link, at=at):
            actor = actor_for_link(link, connection.organization, facts=facts_of(request))
            return Tester(actor, setup_frame(signed_of(link)))
    return None


def member_of(request: HttpRequest, connection: Connection, member_id: UUID) -> Tester | None:
    """The member, if this browser is let in as them."""
    member = Membership.objects.filter(pk=member_id).first()
    entry = entry_of(request, member) if member else None
    if member is None or entry is None:
        return None
    actor = actor_for_member(member, entry=entry, facts=facts_of(request))
    return Tester(actor, workspace_frame(connection.organization.slug))
