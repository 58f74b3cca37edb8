"""Who uses which way in, and whom a change of the policy would lock out, before it is made."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.sso.census import Census, Person
from portal.sso.models import Connection
from tenants.models import Entry, Membership, Policy

PASSWORD = Entry.Method.PASSWORD
# Method -> its icon; the order of the page.
WAYS: Mapping[str, tuple[str | Promise, str]] = {
    PASSWORD: (_("Password with second factor, or passkey"), "lock-keyhole"),
    Connection.Kind.SAML: ("SAML 2.0", "fingerprint-pattern"),
    Connection.Kind.GOOGLE: ("Google Workspace", "mail"),
    Connection.Kind.MICROSOFT: ("Microsoft Entra ID", "layout-grid"),
    Connection.Kind.OIDC: ("OpenID Connect", "key-round"),
}


@dataclass(frozen=True)
class Way:
    """One way of signing in: whether it is open, through what, and who takes it."""

    method: str
    label: str | Promise
    icon: str
    is_allowed: bool
    connections: list[Connection]
    people: int

    @property
    def is_password(self) -> bool:
        return self.method == PASSWORD


def ways_of(policy: Policy, census: Census, *, at: datetime) -> list[Way]:
    """Every way with the people whose latest sign-in of the last 30 days went through it."""
    taken = Counter(_way(person) for person in census.people if _is_active(person, at=at))
    return [
        Way(
            method=method,
            label=label,
            icon=icon,
            is_allowed=policy.allows(method)
            if method != PASSWORD
            else not policy.enforces_sso(at=at),
            connections=[c for c in census.connections if c.kind == method],
            people=taken[method],
        )
        for method, (label, icon) in WAYS.items()
    ]


@dataclass(frozen=True)
class Effect:
    """What a change does to the people of the workspace."""

    # Had a way that has worked, and would have none.
    locked_out: list[Membership]
    # Come by password, and would have to set up a second factor first.
    need_second_factor: list[Membership]
    # Their present session ends at their next click; another way in stays open.
    sessions_ended: int


def effect_of(before: Policy, after: Policy, census: Census, *, at: datetime) -> Effect:
    """Compare what lets each active member in under the two policies."""
    kinds = {c.pk: c.kind for c in census.connections}
    locked_out: list[Membership] = []
    need_factor: list[Membership] = []
    ended = 0
    for person in census.people:
        if not _is_active(person, at=at):
            continue
        had = _ways_in(person, before, kinds, at=at)
        has = _ways_in(person, after, kinds, at=at)
        if had and not has:
            # A second factor can be set up at the next sign-in; a closed way cannot be opened.
            can_add = person.has_password and not after.enforces_sso(at=at)
            (need_factor if can_add else locked_out).append(person.member)
        elif _way(person) in had - has:
            ended += 1
    return Effect(locked_out, need_factor, ended)


def _ways_in(
    person: Person, policy: Policy, kinds: Mapping[UUID, str], *, at: datetime
) -> set[str]:
    """What has been shown to let the person in: a way nobody has tried does not count."""
    found = {
        kinds[pk]
        for pk in person.known_to
        if person.refusals[pk] is None and policy.allows(kinds[pk])
    }
    factor = person.has_second_factor or not policy.mfa_required
    if person.has_password and factor and not policy.enforces_sso(at=at):
        found.add(str(PASSWORD))
    return found


def _way(person: Person) -> str:
    """A passkey is let in and kept out together with the password."""
    return str(PASSWORD) if person.came_by == Entry.Method.PASSKEY else person.came_by


def _is_active(person: Person, *, at: datetime) -> bool:
    return person.member.is_active(at=at)
