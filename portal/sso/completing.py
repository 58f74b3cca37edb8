"""What a proven and matched identity brings about: a signed-in person, or a step-up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User
from portal.sso.admission import decide_admission
from portal.sso.entering import (
    Proof,
    end_entries,
    entry_of,
    home_of,
    open_workspace,
    safe_next,
)
from portal.sso.identity import Identity
from portal.sso.providers import ConnectionProvider
from portal.sso.recording import notes_of
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.profile import SKEW
from portal.ui.refusing import AGAIN, ask_to_press_again
from tenants.actions.entries import step_up
from tenants.middleware import facts_of
from tenants.models import Entry, Membership
from tenants.resolving import actor_for_member

State = Mapping[str, Any]


def complete_sign_in(
    request: HttpRequest, provider: ConnectionProvider, state: State, *, at: datetime
) -> HttpResponse:
    """Sign the person in through allauth and open the entry of this organization only.

    Somebody already signed in as this person keeps the session and its other workspaces.
    Raises SignInRefused.
    """
    notes_of(request).identity = _identity(provider)
    known = _known(provider)
    if isinstance(request.user, User) and known == request.user:
        decide_admission(provider.connection, _identity(provider), known=known, at=at)
        provider.apply_mappings(request.user, at=at)
        response = None
    else:
        if isinstance(request.user, User):
            provider.present = _present(request, request.user)
            end_entries(request, at=at, because="somebody else signed in")
        response = _through_allauth(request, provider, state)
    if not isinstance(request.user, User):
        # A local second factor is asked first; its page opens the entry.
        return response or redirect("sign-in")
    member = Membership.objects.filter(user=request.user).first()
    proof = Proof(provider_ids=frozenset({provider.connection.provider_id}))
    if member is None or open_workspace(request, member, proof, at=at) is None:
        raise SignInRefused(Reason.REVOKED)
    return redirect(_goal(request, state, provider))


def complete_step_up(
    request: HttpRequest, provider: ConnectionProvider, state: State, *, at: datetime
) -> HttpResponse:
    """Count a fresh sign-in at the identity provider as a step-up. Raises SignInRefused."""
    notes_of(request).identity = _identity(provider)
    asked_at = datetime.fromisoformat(state["data"]["asked_at"])
    if _identity(provider).authenticated_at < asked_at - SKEW:
        raise SignInRefused(
            Reason.STALE_SIGN_IN,
            expected=f"after {asked_at.isoformat()}",
            received=_identity(provider).authenticated_at.isoformat(),
        )
    known = _known(provider)
    if known is None or known != request.user:
        raise SignInRefused(Reason.OTHER_PERSON)
    decide_admission(provider.connection, _identity(provider), known=known, at=at)
    provider.apply_mappings(known, at=at)
    entry = _entry(request, known, UUID(state["data"]["step_up"]))
    step_up(
        entry,
        actor=actor_for_member(entry.membership, entry=entry, facts=facts_of(request)),
        at=at,
        method=entry.method,
    )
    if state["data"].get(AGAIN):
        ask_to_press_again(request)
    return redirect(_goal(request, state, provider))


def _through_allauth(
    request: HttpRequest, provider: ConnectionProvider, state: State
) -> HttpResponse:
    login = provider.sociallogin_from_response(request, _identity(provider))
    login.state = dict(state)
    response: HttpResponse = complete_social_login(request, login)
    return response


def _known(provider: ConnectionProvider) -> User | None:
    """Whom this subject of this connection has signed in before."""
    account = (
        SocialAccount.objects.select_related("user")
        .filter(provider=provider.connection.provider_id, uid=_identity(provider).subject)
        .first()
    )
    return account.user if account else None


def _present(request: HttpRequest, user: User) -> UUID | None:
    """The person, if this browser is let into the connection's workspace as them."""
    member = Membership.objects.filter(user=user).first()
    return user.pk if member is not None and entry_of(request, member) is not None else None


def _entry(request: HttpRequest, user: User, entry_id: UUID) -> Entry:
    member = Membership.objects.filter(user=user).first()
    entry = entry_of(request, member) if member else None
    if entry is None or entry.pk != entry_id:
        raise SignInRefused(Reason.OTHER_BROWSER)
    return entry


def _identity(provider: ConnectionProvider) -> Identity:
    if provider.identity is None:
        raise SignInRefused(Reason.UNSOLICITED)
    return provider.identity


def _goal(request: HttpRequest, state: State, provider: ConnectionProvider) -> str:
    return safe_next(request, str(state.get("next") or "")) or home_of(
        provider.connection.organization
    )
