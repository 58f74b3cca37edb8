"""Values that can be forgotten: each is sealed under a key that can be destroyed."""

import base64
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from audit.identifiers import new_id
from audit.keys import NONCE_BYTES, new_key, unwrap, wrap
from audit.models import DataKey

# Values that belong to a person and to no organization, such as second factors.
PLATFORM: Final = UUID(int=0)
PERSON: Final = "person"
_FORM: Final = "g1"


class SealBroken(Exception):
    """The text is not a sealed value, was changed, or belongs to another place."""


class KeyDestroyed(Exception):
    """The value was erased: its key is gone for good."""


@dataclass(frozen=True)
class OpenKey:
    """A data key in the clear, for as long as one call needs it."""

    id: UUID
    organization_id: UUID
    purpose: str
    subject: str
    secret: bytes

    def seal(self, text: str, *, context: str) -> str:
        nonce = os.urandom(NONCE_BYTES)
        closed = AESGCM(self.secret).encrypt(nonce, text.encode(), self._bound_to(context))
        return ".".join((_FORM, self.id.hex, _to_text(nonce), _to_text(closed)))

    def unseal(self, token: str, *, context: str) -> str:
        try:
            _, _, nonce, closed = token.split(".")
            opened = AESGCM(self.secret).decrypt(
                _to_bytes(nonce), _to_bytes(closed), self._bound_to(context)
            )
        except (InvalidTag, ValueError) as broken:
            raise SealBroken("The sealed value does not open here.") from broken
        return opened.decode()

    def _bound_to(self, context: str) -> bytes:
        parts = (str(self.organization_id), self.purpose, self.subject, context, self.id.hex)
        return "|".join(parts).encode()


def seal(text: str, *, organization_id: UUID, purpose: str, subject: str, context: str) -> str:
    """The text as a token that only `organization_id` and `context` open."""
    keys = keys_for(organization_id, purpose, [subject])
    return keys[subject].seal(text, context=context)


def unseal(token: str, *, organization_id: UUID, context: str) -> str:
    """The text again. Raises SealBroken, or KeyDestroyed when it was erased."""
    return open_keys(organization_id, [token]).unseal(token, context=context)


def destroy_keys(*, organization_id: UUID, purpose: str, subject: str | None) -> int:
    """Make what was sealed under these keys unreadable. `None` means every subject."""
    keys = DataKey.objects.filter(organization_id=organization_id, purpose=purpose)
    if subject is not None:
        keys = keys.filter(subject=subject)
    # The wall clock on purpose: a destroyed key's time is evidence, and no decision rests on it.
    living = keys.filter(destroyed_at__isnull=True)
    return living.update(wrapped=None, destroyed_at=datetime.now(UTC))


def rotate(*, organization_id: UUID, purpose: str, subject: str) -> int:
    """Seal new values under a new key from now on. Old values still open. Returns its version."""
    newest = _newest(organization_id, purpose, [subject]).get(subject)
    version = newest.version + 1 if newest else 1
    _create(organization_id, purpose, {subject: version})
    return version


def keys_for(
    organization_id: UUID, purpose: str, subjects: Iterable[str], *, revive: bool = True
) -> dict[str, OpenKey]:
    """The current key of each subject, made where there is none.

    With `revive=False` a subject whose keys were destroyed stays without one: a person who was
    erased is not written down again under a new key.
    """
    # Sorted, so that two transactions that make the same keys cannot wait for each other.
    wanted = sorted(set(subjects))
    newest = _newest(organization_id, purpose, wanted)
    missing = {subject: 1 for subject in wanted if subject not in newest}
    if revive:
        missing |= {
            subject: key.version + 1 for subject, key in newest.items() if key.wrapped is None
        }
    if missing:
        _create(organization_id, purpose, missing)
        newest = _newest(organization_id, purpose, wanted)
    opened = {subject: _opened(key) for subject, key in newest.items()}
    return {subject: key for subject, key in opened.items() if key is not None}


class KeyRing:
    """The keys that a set of tokens needs, fetched together and opened once."""

    def __init__(self, keys: Mapping[UUID, OpenKey | None]) -> None:
        self._keys = keys

    def unseal(self, token: str, *, context: str) -> str:
        identifier = _key_of(token)
        if identifier is None or identifier not in self._keys:
            raise SealBroken("The sealed value does not open here.")
        key = self._keys[identifier]
        if key is None:
            raise KeyDestroyed("This value was erased.")
        return key.unseal(token, context=context)


def open_keys(organization_id: UUID, tokens: Iterable[str]) -> KeyRing:
    wanted = {identifier for token in tokens if (identifier := _key_of(token))}
    rows = DataKey.objects.filter(organization_id=organization_id, id__in=wanted)
    return KeyRing({row.id: _opened(row) for row in rows} if wanted else {})


def _newest(organization_id: UUID, purpose: str, subjects: Collection[str]) -> dict[str, DataKey]:
    rows = DataKey.objects.filter(
        organization_id=organization_id, purpose=purpose, subject__in=subjects
    ).order_by("version")
    return {row.subject: row for row in rows}


def _create(organization_id: UUID, purpose: str, versions: Mapping[str, int]) -> None:
    """Two that race for the same version end with one row; the loser's key was never used."""
    rows = []
    for subject, version in versions.items():
        row = DataKey(
            id=new_id(),
            organization_id=organization_id,
            purpose=purpose,
            subject=subject,
            version=version,
        )
        row.wrapped = wrap(new_key(), about=row.about())
        rows.append(row)
    DataKey.objects.bulk_create(rows, ignore_conflicts=True)


def _opened(row: DataKey) -> OpenKey | None:
    if row.wrapped is None:
        return None
    secret = unwrap(bytes(row.wrapped), about=row.about())
    return OpenKey(row.id, row.organization_id, row.purpose, row.subject, secret)


def _key_of(token: str) -> UUID | None:
    form, _, rest = token.partition(".")
    try:
        return UUID(hex=rest.partition(".")[0]) if form == _FORM else None
    except ValueError:
        return None


def _to_text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _to_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
