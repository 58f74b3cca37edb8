"""Files many revocations of people who were made for it, each with real ways in."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore

from accounts.models import User
from audit.identifiers import new_id
from portal.demo.building import require_demo
from portal.demo.people import acting, build_customer, build_vendor, member_of, scope_of
from portal.demo.world import Firm, Person
from portal.tickets.actions import file_revocation
from portal.tickets.models import Ticket
from tenants.access import system_actor
from tenants.actions.entries import open_entry
from tenants.actions.members import admit_member
from tenants.clock import now
from tenants.models import ApiToken, Entry, Membership, Organization
from tenants.permissions import BuiltInRole, Permission
from tenants.resolving import actor_for_member
from tenants.tokens import make_token

OWNER = Person("olga@chaos.test", "Olga Steiner", BuiltInRole.OWNER)
FIRM = Firm("chaos", "Chaos Works", (OWNER,))
TOKEN_LASTS = timedelta(days=90)


def build_firm(at: datetime) -> Organization:
    """The organization of the rehearsal. Safe to repeat; refuses outside the demo."""
    require_demo()
    return build_customer(FIRM, build_vendor(at), at)


def add_people(organization: Organization, count: int) -> Iterator[Membership]:
    """New members with a password, a browser session and an API token each."""
    password = make_password(None)
    with scope_of(organization):
        for _turn in range(count):
            yield _add_person(organization, password)


def file_for(organization: Organization, people: Iterator[Membership]) -> Iterator[Ticket]:
    """One revocation a person, by the owner, as the page would file it."""
    with scope_of(organization):
        owner = member_of(OWNER)
        for person in people:
            at = now()
            yield file_revocation(
                person, actor=acting(owner, at=at), at=at, reason="Rehearsal", source="chaos"
            )


def owner_session(organization: Organization) -> str:
    """The key of a fresh browser session of the owner, just stepped up: for filing over HTTP."""
    require_demo()
    with scope_of(organization):
        return _sign_in(Membership.objects.select_related("user").get(email=OWNER.email))


def _add_person(organization: Organization, password: str) -> Membership:
    name = f"Leaver {new_id().hex[-12:]}"
    email = f"{name.lower().replace(' ', '-')}@chaos.test"
    user = User.objects.create(email=email, name=name, password=password)
    at = now()
    person = admit_member(
        actor=system_actor(organization),
        at=at,
        user=user,
        name=name,
        email=email,
        role=BuiltInRole.EDITOR,
        source=Membership.Source.INVITATION,
    )
    _sign_in(person)
    made = make_token(ApiToken.Kind.PERSONAL)
    ApiToken.objects.create(
        kind=ApiToken.Kind.PERSONAL,
        name="rehearsal",
        prefix=made.prefix,
        digest=made.digest,
        owner=person,
        scopes=[Permission.TEAM_VIEW],
        created_at=at,
        expires_at=at + TOKEN_LASTS,
    )
    return person


def _sign_in(person: Membership) -> str:
    user = person.user
    if user is None:
        raise TypeError("Somebody without an account cannot sign in.")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    key = str(session.session_key)
    open_entry(
        person,
        actor=actor_for_member(person),
        at=now(),
        session_key=key,
        method=Entry.Method.PASSWORD,
        has_second_factor=True,
    )
    return key


def ids_of(people: Iterator[Membership]) -> list[UUID]:
    return [person.pk for person in people]
