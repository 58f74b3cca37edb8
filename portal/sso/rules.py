"""Rules of connections, domains and sign-in attempts; nothing here reads the database."""

import hashlib
import re
import secrets
from datetime import timedelta
from uuid import UUID

import idna
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

# Attempts are kept this long; of those that prove nothing about anybody, the newest so many of
# each connection, because whoever finds its address can add one.
ATTEMPTS_LAST = timedelta(days=90)
STRANGERS_KEPT = 1000
MAX_DOMAIN = 253
# One owner may be ill, or gone, on the day on which single sign-on breaks.
FEWEST_DOORS = 2
# A proven domain is looked at daily, and more often while something is wrong. The lease outlasts
# the longest look-up.
CHECK_EVERY = timedelta(days=1)
CHECK_AGAIN = timedelta(hours=1)
CHECK_LEASE = timedelta(minutes=15)
MISSING_FOR = timedelta(hours=72)
# How long the result of a verified response waits for the browser's own next request.
PARKED_SECONDS = 120
# From the password to the last question of the same sign-in.
SIGN_IN_LASTS = timedelta(minutes=15)

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_LOCAL_PART = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
# Without letters and digits that are mistaken for each other on the telephone.
_REFERENCE_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"


class ConnectionState(TextChoices):
    DRAFT = "draft", _("Draft")
    TESTING = "testing", _("Testing")
    ACTIVE = "active", _("Active")
    DEGRADED = "degraded", _("Needs attention")
    DISABLED = "disabled", _("Disabled")


class DomainStanding(TextChoices):
    """How far a domain is proven; derived from its instants."""

    CLAIMED = "claimed", _("Not proven")
    PROVEN = "proven", _("Proven")
    MISSING = "missing", _("Record missing")
    LOST = "lost", _("No longer proven")


_S = ConnectionState
IN_USE = (_S.ACTIVE, _S.DEGRADED)
MOVES: dict[ConnectionState, frozenset[ConnectionState]] = {
    _S.DRAFT: frozenset({_S.TESTING, _S.DISABLED}),
    _S.TESTING: frozenset({_S.TESTING, _S.ACTIVE, _S.DISABLED}),
    _S.ACTIVE: frozenset({_S.DEGRADED, _S.DISABLED}),
    _S.DEGRADED: frozenset({_S.ACTIVE, _S.DEGRADED, _S.DISABLED}),
    _S.DISABLED: frozenset({_S.TESTING, _S.ACTIVE}),
}


def may_move(before: str, after: ConnectionState) -> bool:
    return after in MOVES[ConnectionState(before)]


def provider_id_of(kind: str, connection_id: UUID) -> str:
    """The immutable name of a connection in every identity it vouches for."""
    return f"{kind}-{connection_id}"


def domain_of(email: str) -> str:
    return email.rpartition("@")[2].lower()


def normalized_domain(text: str) -> str:
    """The domain as addresses carry it: lower case, in its ASCII form. Not checked any further."""
    name = text.strip().lower().removeprefix("@").rstrip(".")
    if name.isascii():
        return name
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except idna.IDNAError:
        return name


def is_domain(name: str) -> bool:
    return len(name) <= MAX_DOMAIN and _DOMAIN.fullmatch(name) is not None


def is_address(email: str) -> bool:
    """A plain address in lower case: no quotes, no comments, nothing but ASCII."""
    local, _at, domain = email.rpartition("@")
    return _LOCAL_PART.fullmatch(local) is not None and is_domain(domain)


def subject_digest(provider_id: str, subject: str) -> str:
    """Names a subject without keeping who it was."""
    return hashlib.sha256(f"{provider_id}\0{subject}".encode()).hexdigest()


def normalized_reference(text: str) -> str:
    """A reference as it was read out and typed: `si 7kq2 mx9` to `SI-7KQ2MX9`."""
    said = "".join(letter for letter in text.upper() if letter.isascii() and letter.isalnum())
    return f"SI-{said.removeprefix('SI')}" if said else ""


def new_reference() -> str:
    """A number a person can read out: `SI-7KQ2MX9`."""
    return "SI-" + "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(7))
