"""The hash of an event: SHA-256 over every stored column in one canonical spelling."""

import hashlib
from collections.abc import Mapping
from typing import Any

from audit.canonical import canonical
from audit.models import Event

COLUMNS = tuple(
    field.attname
    for field in Event._meta.concrete_fields  # noqa: SLF001 - Django's documented way
    if field.attname != "leaf_hash"
)
_LEAF = b"\x00"


def leaf_hash(columns: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(_LEAF + canonical(columns).encode()).digest()


def leaf_hash_of(event: Event) -> bytes:
    """Recomputed from the row as it stands now, to be compared with what was stored."""
    return leaf_hash({column: getattr(event, column) for column in COLUMNS})
