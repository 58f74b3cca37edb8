"""Tries each listed credential through the door it was made for, and notes the answer."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from portal.fulfilment.probes.calling import Answer, NoAnswer, call
from portal.fulfilment.probes.handles import handle_of
from portal.rest.authentication import STORED_TOKEN
from portal.sso.identity import Identity
from portal.sso.knocking import SAYS_NOTHING, fresh_sign_in, latest_reason
from portal.sso.models import Connection
from portal.tickets.models import Finding
from tenants.addresses import one_of
from tenants.links import Purpose, signed_link
from tenants.models import Organization, Policy

_OK = range(200, 300)
GONE = "the account is gone"
_LET_IN = range(200, 400)


@dataclass(frozen=True, slots=True)
class Trial:
    """What was done with a credential and what came back."""

    tried: str
    accepted: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Knock:
    """A credential's handle, the workspace it is tried on, and when."""

    handle: dict[str, str]
    organization: Organization
    at: datetime


Probe = Callable[[Knock], Trial]


def try_credential(finding: Finding, organization: Organization, at: datetime) -> Trial:
    """Knock with this credential now. Raises NoAnswer when the server gave none."""
    return PROBES[finding.kind](Knock(handle_of(finding), organization, at))


def _session(knock: Knock) -> Trial:
    path = reverse("home-show", args=[knock.organization.slug])
    cookies = {settings.SESSION_COOKIE_NAME: knock.handle["session_key"]}
    answer = call(path, cookies=cookies, environ=_from_within())
    return _opened(f"GET {path} with the session's cookie", answer)


def _token(knock: Knock) -> Trial:
    path = "/api/v1/me"
    stored = {STORED_TOKEN: (knock.handle["prefix"], knock.handle["digest"])}
    answer = call(path, environ=stored)
    return _opened(f"GET {path} with the stored token", answer)


def _sign_in(knock: Knock) -> Trial:
    """A new browser session of the person, as a password or a reset password would give it."""
    path = reverse("home-show", args=[knock.organization.slug])
    tried = f"GET {path} with a new session of the person"
    user = _user_of(knock)
    if user is None:
        return Trial(tried, accepted=False, detail=GONE)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.set_expiry(60)
    session.create()
    try:
        cookies = {settings.SESSION_COOKIE_NAME: str(session.session_key)}
        answer = call(path, cookies=cookies, environ=_from_within())
    finally:
        session.delete()
    # A way to the sign-in of this very workspace would mean that it still knows the person.
    enter = reverse("workspace-enter", args=[knock.organization.slug])
    return _opened(tried, answer, also_open=answer.location.startswith(enter))


def _user_of(knock: Knock) -> User | None:
    return User.objects.filter(pk=UUID(knock.handle["user"])).first()


def _reset_link(knock: Knock) -> Trial:
    """The link of a forgotten password, followed to a new password and with it to the workspace.

    All of it is rolled back: the person's password stays what it is.
    """
    tried = "GET the link of a forgotten password, POST a new one, sign in with it"
    user = _user_of(knock)
    if user is None:
        return Trial(tried, accepted=False, detail=GONE)
    with transaction.atomic():
        refused = _set_password(user)
        trial = None if refused else _sign_in(knock)
        transaction.set_rollback(True)
    if trial is None:
        return Trial(tried, accepted=False, detail=f"{refused}, the link is refused")
    return Trial(tried, accepted=trial.accepted, detail=trial.detail)


def _set_password(user: User) -> str:
    """Through both pages of the link; what the server said where it refused, else nothing."""
    somewhere = {"REMOTE_ADDR": _somewhere()}
    uid, key = user_pk_to_url_str(user), default_token_generator.make_token(user)
    link = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": key})
    opened = call(link, environ=somewhere)
    if not opened.location:
        return f"HTTP {opened.status}"
    chosen = secrets.token_urlsafe(24)
    form = {"password1": chosen, "password2": chosen}
    done = call(opened.location, cookies=opened.cookies, environ=somewhere, form=form)
    return "" if done.location else f"HTTP {done.status}"


def _somewhere() -> str:
    """A loopback address of its own: how often one address may try is not what is tried here."""
    return ".".join(["127", *(str(secrets.randbelow(254) + 1) for _ in range(3))])


def _from_within() -> dict[str, object]:
    """An address that the policy lets in: a refusal for the address would prove nothing."""
    return {"REMOTE_ADDR": one_of(Policy.objects.get().address_rule)}


def _sso(knock: Knock) -> Trial:
    """A fresh sign-in with the same identity, through the address where sign-ins finish.

    All of it is rolled back: one that is accepted leaves no session and no account behind.
    """
    connection = Connection.objects.filter(pk=UUID(knock.handle["connection"])).first()
    if connection is None:
        return Trial("a fresh assertion", accepted=False, detail="the connection is gone")
    tried = f"GET the finish of {connection.name} with a fresh assertion of the same identity"
    identity = Identity(
        subject=knock.handle["subject"],
        email=knock.handle["email"],
        name="",
        authenticated_at=knock.at,
    )
    with transaction.atomic():
        fresh = fresh_sign_in(connection, identity, at=knock.at)
        answer = call(fresh.path, cookies=fresh.cookies, environ=_from_within() | fresh.environ)
        reason = latest_reason(connection)
        transaction.set_rollback(True)
    if answer.status in _LET_IN:
        return _opened(tried, answer, also_open=True)
    if not reason or reason in SAYS_NOTHING:
        raise NoAnswer(f"{answer.status} {reason}")
    return Trial(tried, accepted=False, detail=f"HTTP {answer.status}, refused: {reason}")


def _invitation(knock: Knock) -> Trial:
    link = signed_link(
        Purpose.INVITATION,
        organization_id=knock.organization.pk,
        row_id=UUID(knock.handle["invitation"]),
        version=int(knock.handle["version"]),
    )
    answer = call(reverse("invitation-accept", args=[link]))
    return _opened("GET the invitation's link", answer)


def _opened(tried: str, answer: Answer, *, also_open: bool = False) -> Trial:
    accepted = answer.status in _OK or also_open
    detail = f"HTTP {answer.status}"
    if answer.location:
        detail = f"{detail}, sent to {answer.location.partition('?')[0]}"
    return Trial(tried, accepted=accepted, detail=detail)


PROBES: dict[str, Probe] = {
    "session": _session,
    "token": _token,
    "password": _sign_in,
    "reset": _reset_link,
    "sso": _sso,
    "invitation": _invitation,
}
