"""Rules of connections, domains and sign-in attempts; nothing here reads the database."""

import hashlib
import re
import secrets
from datetime import timedelta
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

ATTEMPTS_KEPT = 50
MAX_DOMAIN = 253
# How long the result of a verified response waits for the browser's own next request.
PARKED_SECONDS = 120
# From the password to the last question of the same sign-in.
SIGN_IN_LASTS = timedelta(minutes=15)

_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
# Without letters and digits that are mistaken for each other on the telephone.
_REFERENCE_ALPHABET = "23456789BCDFGHJKMNPQRSTVWXZ"


class ConnectionState(TextChoices):
    DRAFT = "draft", _("Draft")
    ACTIVE = "active", _("Active")
    DISABLED = "disabled", _("Disabled")


MOVES: dict[ConnectionState, frozenset[ConnectionState]] = {
    ConnectionState.DRAFT: frozenset({ConnectionState.ACTIVE, ConnectionState.DISABLED}),
    ConnectionState.ACTIVE: frozenset({ConnectionState.DISABLED}),
    ConnectionState.DISABLED: frozenset({ConnectionState.ACTIVE}),
}


def may_move(before: str, after: ConnectionState) -> bool:
    return after in MOVES[ConnectionState(before)]


def provider_id_of(connection_id: UUID) -> str:
    """The immutable name of a connection in every identity it vouches for."""
    return f"saml-{connection_id}"


def domain_of(email: str) -> str:
    return email.rpartition("@")[2].lower()


def is_domain(name: str) -> bool:
    return len(name) <= MAX_DOMAIN and _DOMAIN.fullmatch(name) is not None


def subject_digest(provider_id: str, subject: str) -> str:
    """Names a subject without keeping who it was."""
    return hashlib.sha256(f"{provider_id}\0{subject}".encode()).hexdigest()


def new_reference() -> str:
    """A number a person can read out: `SI-7KQ2MX9`."""
    return "SI-" + "".join(secrets.choice(_REFERENCE_ALPHABET) for _ in range(7))
