"""One's own account across workspaces: profile, devices and sign-ins."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module

from django.conf import settings
from django.db import transaction

from accounts.models import User
from audit.models import Event
from audit.names import EventName
from audit.opening import opened
from tenants.access import Actor
from tenants.actions.entries import end_entry
from tenants.actions.profile import copy_profile
from tenants.models import Entry, Membership
from tenants.resolving import RequestFacts, actor_for_member, workspaces_of
from tenants.scoping import organization_scope
from tenants.sign_ins import refused_of

SHOWN = 50


@dataclass
class Device:
    """A browser that is signed in, with the workspaces it is let into."""

    id: str
    session_key: str
    name: str
    address: str
    method: str
    signed_in_at: datetime
    seen_at: datetime
    is_this: bool
    workspaces: list[str] = field(default_factory=list)

    @property
    def icon(self) -> str:
        is_phone = any(word in self.name for word in ("iPhone", "Android"))
        return "smartphone" if is_phone else "monitor"


@dataclass(frozen=True)
class SignIn:
    at: datetime
    workspace: str
    was_refused: bool
    how: str
    device: str = ""
    address: str = ""
    # Of a refused one: why, and the number an admin finds it by.
    reason: str = ""
    reference: str = ""
    has_second_factor: bool = False


def change_profile(
    user: User, *, facts: RequestFacts, at: datetime, name: str, timezone: str, theme: str
) -> None:
    """Store what a person says about themselves, and tell each of their organizations."""
    new = {"name": name.strip(), "timezone": timezone, "theme": theme}
    changed = [field for field, value in new.items() if getattr(user, field) != value]
    if not changed:
        return
    with transaction.atomic():
        for field_name, value in new.items():
            setattr(user, field_name, value)
        user.save(update_fields=changed)
        for actor in _own_actors(user, facts=facts, at=at):
            copy_profile(actor=actor, name=user.name, changed=changed)


def devices_of(user: User, *, session_key: str, at: datetime) -> list[Device]:
    """Browsers with an open entry anywhere, the present one first, then by last use."""
    found: dict[str, Device] = {}
    for member in workspaces_of(user.pk, at=at):
        with organization_scope(member.organization_id):
            for entry in Entry.objects.open().filter(membership=member):
                device = found.setdefault(entry.session_key, _device(entry, session_key))
                device.workspaces.append(member.organization.name)
                device.seen_at = max(device.seen_at, entry.seen_at)
    return sorted(found.values(), key=lambda d: (not d.is_this, -d.seen_at.timestamp()))


def end_devices(user: User, session_keys: set[str], *, facts: RequestFacts, at: datetime) -> int:
    """Sign these browsers out: their entries end, and their sessions are gone."""
    ended = 0
    with transaction.atomic():
        for actor in _own_actors(user, facts=facts, at=at):
            entries = Entry.objects.open().filter(
                membership=actor.membership, session_key__in=session_keys
            )
            for entry in entries:
                end_entry(entry, actor=actor, at=at, because="signed out from another device")
                ended += 1
        for key in session_keys:
            import_module(settings.SESSION_ENGINE).SessionStore(key).delete()
    return ended


def sign_ins_of(user: User, *, at: datetime) -> list[SignIn]:
    """When and how this person came in, and who was refused in their name; newest first."""
    found: list[SignIn] = []
    for member in workspaces_of(user.pk, at=at):
        with organization_scope(member.organization_id):
            found += _entries(member)
            found += _refusals(member)
    return sorted(found, key=lambda sign_in: sign_in.at, reverse=True)[:SHOWN]


def _entries(member: Membership) -> Iterator[SignIn]:
    rows = Entry.objects.filter(membership=member).order_by("-authenticated_at")[:SHOWN]
    for row in rows:
        yield SignIn(
            at=row.authenticated_at,
            workspace=member.organization.name,
            was_refused=False,
            how=row.get_method_display(),
            device=row.device,
            address=row.address or "",
            has_second_factor=row.has_second_factor and row.method != Entry.Method.PASSKEY,
        )


def _refusals(member: Membership) -> Iterator[SignIn]:
    rows = Event.objects.filter(
        organization_id=member.organization_id,
        name=EventName.SIGN_IN_REFUSED,
        target_id=member.pk,
    ).order_by("-id")[:SHOWN]
    values = opened(rows)
    for row in rows:
        yield SignIn(
            at=row.occurred_at,
            workspace=member.organization.name,
            was_refused=True,
            how=str(Entry.Method.PASSWORD.label),
            reason=str(row.facts.get("reason", "")),
            address=values[row.id].get("address", ""),
        )
    for refused in refused_of(member, SHOWN):
        yield SignIn(
            at=refused.at,
            workspace=member.organization.name,
            was_refused=True,
            how=refused.how,
            reason=refused.reason,
            reference=refused.reference,
            address=refused.address,
        )


def _own_actors(user: User, *, facts: RequestFacts, at: datetime) -> Iterator[Actor]:
    """The person as a member of each of their organizations, with its scope open."""
    for member in workspaces_of(user.pk, at=at):
        with organization_scope(member.organization_id):
            yield actor_for_member(member, facts=facts)


def _device(entry: Entry, session_key: str) -> Device:
    return Device(
        id=str(entry.pk),
        session_key=entry.session_key,
        name=entry.device,
        address=entry.address or "",
        method=entry.get_method_display(),
        signed_in_at=entry.authenticated_at,
        seen_at=entry.seen_at,
        is_this=entry.session_key == session_key,
    )
