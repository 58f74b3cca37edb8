"""Claims as plain values, and the two facts every kind of provider words differently."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal.sso.rules import is_address

MAX_SUBJECT = 191
MAX_NAME = 120
MAX_VALUES = 1000
# What guards the token itself says nothing about the person.
_OF_THE_TOKEN = frozenset(
    {"iss", "aud", "azp", "exp", "iat", "nbf", "nonce", "at_hash", "c_hash", "s_hash", "jti"}
    | {"aio", "rh", "uti", "sid", "_claim_names", "_claim_sources", "hasgroups"}
)

Claims = Mapping[str, Any]


def plain(claims: Claims) -> dict[str, tuple[str, ...]]:
    """By lower-case name. What did not come is absent; what came empty is an empty tuple."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in claims.items():
        key = name.lower()
        if key in _OF_THE_TOKEN or key in found or isinstance(value, dict):
            continue
        if key == "groups" and has_too_many_groups(claims):
            continue
        values = value if isinstance(value, list) else [value]
        found[key] = tuple(_text(v) for v in values[:MAX_VALUES] if _is_scalar(v))
    return found


def has_too_many_groups(claims: Claims) -> bool:
    """Entra leaves out the groups of somebody in very many, and says only where they can be read.

    That is a claim which did not come, not a person without groups.
    """
    elsewhere = claims.get("_claim_names")
    return (isinstance(elsewhere, dict) and "groups" in elsewhere) or bool(claims.get("hasgroups"))


def instant(claims: Claims, name: str) -> datetime | None:
    """A number of seconds as a moment; anything else is none."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return None


def address(claims: Claims, *names: str) -> str:
    """The first of the claims that is one plain address, in lower case; else nothing."""
    for name in names:
        value = claims.get(name)
        if isinstance(value, str) and is_address(value.strip().lower()):
            return value.strip().lower()
    return ""


def text(claims: Claims, name: str) -> str:
    value = claims.get(name)
    return value.strip() if isinstance(value, str) else ""


def display_name(claims: Claims) -> str:
    """The name to call the person by, as far as one was sent."""
    parts = f"{text(claims, 'given_name')} {text(claims, 'family_name')}".strip()
    name = text(claims, "name") or parts
    return name[:MAX_NAME] if name.isprintable() else ""


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
