"""After a proof of identity: which workspaces this browser session is let into, and where to go."""

import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.login import get_authentication_records
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.models import User
from portal.sso.actions.enforcement import confirm_enforcement
from portal.sso.models import Connection
from portal.sso.rules import SIGN_IN_LASTS
from tenants.actions.entries import end_entry, open_entry
from tenants.middleware import facts_of
from tenants.models import Entry, Membership, Organization, Policy
from tenants.resolving import actor_for_member, password_lapse, workspaces_of
from tenants.scoping import organization_scope


@dataclass(frozen=True)
class Proof:
    """What this session has proven in the last minutes, as allauth recorded it."""

    password: bool = False
    second_factor: bool = False
    # It has verified its person: password and second factor in one.
    passkey: bool = False
    provider_ids: frozenset[str] = frozenset()


def proof_of(request: HttpRequest) -> Proof:
    """Only what was proven during this sign-in counts, not what the session did in the morning."""
    since = time.time() - SIGN_IN_LASTS.total_seconds()
    records: list[dict[str, Any]] = [
        r for r in get_authentication_records(request, request.user) if r["at"] >= since
    ]
    return Proof(
        password=any(r["method"] == "password" for r in records),
        second_factor=any(r["method"] == "mfa" for r in records),
        passkey=any(r["method"] == "mfa" and r.get("type") == "webauthn" for r in records),
        provider_ids=frozenset(
            str(r["provider"]) for r in records if r["method"] == "socialaccount"
        ),
    )


def open_workspaces(request: HttpRequest, *, at: datetime) -> list[Membership]:
    """Open an entry for each workspace that the proof satisfies; returns all of the person's."""
    proof = proof_of(request)
    members = workspaces_of(person(request).pk, at=at)
    for member in members:
        with organization_scope(member.organization_id):
            open_workspace(request, member, proof, at=at)
    return members


def open_workspace(
    request: HttpRequest, member: Membership, proof: Proof, *, at: datetime
) -> Entry | None:
    """Let the session in if the proof satisfies this workspace's policy, else None."""
    connection = _connection(proof)
    # After an identity provider's word a passkey was the second factor, not the way in.
    is_proven = proof.password or (proof.passkey and connection is None)
    is_local = is_proven and not password_lapse(
        Policy.objects.get(), has_second_factor=proof.second_factor, at=at
    )
    if connection is None and not is_local:
        return None
    own_word = Entry.Method.PASSWORD if proof.password else Entry.Method.PASSKEY
    actor = actor_for_member(member, facts=facts_of(request))
    with transaction.atomic():
        entry = open_entry(
            member,
            actor=actor,
            at=at,
            session_key=session_key_of(request),
            method=own_word if is_local or connection is None else connection.kind,
            has_second_factor=proof.second_factor,
            connection_id=None if is_local or connection is None else connection.pk,
            device=request.headers.get("User-Agent", ""),
            # An identity provider may have asked for the password this morning.
            is_fresh=is_local,
        )
        if entry.connection_id is not None:
            confirm_enforcement(actor=actor, at=at)
    return entry


def _connection(proof: Proof) -> Connection | None:
    """An active connection of the open scope that has vouched for the person just now."""
    found: Connection | None = (
        Connection.objects.in_use().filter(provider_id__in=proof.provider_ids).first()
    )
    return found


def entered(request: HttpRequest) -> set[UUID]:
    """Organizations this session has an open entry to."""
    found: set[UUID] = set()
    for member in workspaces_of(person(request).pk, at=request.at):  # type: ignore[attr-defined]
        with organization_scope(member.organization_id):
            if entry_of(request, member) is not None:
                found.add(member.organization_id)
    return found


def entry_of(request: HttpRequest, member: Membership) -> Entry | None:
    found: Entry | None = (
        Entry.objects.open()
        .filter(session_key=request.session.session_key or "", membership=member)
        .first()
    )
    return found


def end_entries(request: HttpRequest, *, at: datetime, because: str) -> None:
    """End everything this browser session was let into, inside the caller's transaction."""
    for member in workspaces_of(person(request).pk, at=at):
        with organization_scope(member.organization_id):
            entry = entry_of(request, member)
            if entry is not None:
                actor = actor_for_member(member, entry=entry, facts=facts_of(request))
                end_entry(entry, actor=actor, at=at, because=because)


def session_key_of(request: HttpRequest) -> str:
    if not request.session.session_key:
        request.session.save()
    return str(request.session.session_key)


def person(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):
        raise TypeError("A signed-in person is needed here.")
    return user


def home_of(organization: Organization) -> str:
    if organization.is_vendor:
        return reverse("console-home")
    return reverse("home-show", args=[organization.slug])


def safe_next(request: HttpRequest, goal: str | None = None) -> str:
    """The wanted page if it is a path of ours, else nothing."""
    wanted = goal if goal is not None else request.POST.get("next", request.GET.get("next", ""))
    is_path = wanted.startswith("/") and not wanted.startswith("//")
    return wanted if is_path and url_has_allowed_host_and_scheme(wanted, None) else ""


def slug_in(path: str) -> str:
    """The workspace a path leads to: `/o/acme/requests/` to acme."""
    return path.removeprefix("/o/").split("/", 1)[0] if path.startswith("/o/") else ""


def after_sign_in(request: HttpRequest, members: list[Membership]) -> str:
    """The page asked for, the one workspace, or the choice of several."""
    goal = safe_next(request)
    if goal and goal != "/":
        return goal
    if len(members) == 1:
        return home_of(members[0].organization)
    return reverse("workspace-list")
