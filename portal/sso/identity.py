"""Whom a connection vouches for, in the same words for SAML and OpenID Connect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Identity:
    """What was proven about one person; nothing else of an assertion or token is used."""

    # Lasting within the connection: the NameID, `sub`, or Microsoft's `tid` and `oid`.
    subject: str
    email: str
    name: str
    # When the person proved themselves at the identity provider, by its own word.
    authenticated_at: datetime
    # Claims by lower-case name. A claim that did not come is absent; one that came empty is ().
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
