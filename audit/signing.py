"""Ed25519 signatures over JSON documents, and the public keys that check them."""

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from audit.canonical import canonical
from audit.keys import key_folder, make, read_or_make

_CURRENT: Final = "current.pem"
_RETIRED: Final = "retired-*.pem"


class SignatureWrong(Exception):
    """The document was changed, or signed by a key that is not among the trusted ones."""


class KeysUnreadable(Exception):
    """The file holds no Ed25519 public key."""


def sign(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with `key` and `signature`, over its canonical spelling."""
    private = _signing_key()
    unsigned = json.loads(canonical({**document, "key": key_id(private.public_key())}))
    signature = private.sign(canonical(unsigned).encode())
    return {**unsigned, "signature": _to_text(signature)}


def verify(document: Mapping[str, Any], keys: Mapping[str, Ed25519PublicKey]) -> None:
    """Raises SignatureWrong. The key comes from `keys`, never from the document."""
    named, signature = document.get("key"), document.get("signature")
    if not isinstance(named, str) or not isinstance(signature, str):
        raise SignatureWrong("The document carries no signature.")
    if named not in keys:
        raise SignatureWrong(f"It is signed with key {named[:16]}, which is not a trusted key.")
    unsigned = {field: value for field, value in document.items() if field != "signature"}
    try:
        keys[named].verify(_to_bytes(signature), canonical(unsigned).encode())
    except (InvalidSignature, ValueError, TypeError) as wrong:
        raise SignatureWrong("The signature does not fit: the document was changed.") from wrong


def public_keys() -> dict[str, Any]:
    """Every key that ever signed here, as a JSON Web Key Set (RFC 8037)."""
    return {"keys": [_jwk(key) for key in own_keys().values()]}


def own_keys() -> dict[str, Ed25519PublicKey]:
    """Key id -> public key, the current one first."""
    current = _signing_key().public_key()
    retired = (_public_key(path.read_bytes()) for path in sorted(_folder().glob(_RETIRED)))
    return {key_id(key): key for key in (current, *retired)}


def load_keys(path: Path) -> dict[str, Ed25519PublicKey]:
    """Trusted keys from a key set, a single JSON Web Key or a PEM file. Raises KeysUnreadable."""
    try:
        content = path.read_bytes()
        keys = _keys_in(content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as unreadable:
        raise KeysUnreadable(f"{path} holds no Ed25519 public key.") from unreadable
    if not keys:
        raise KeysUnreadable(f"{path} holds no Ed25519 public key.")
    # The id is computed: a name inside the file could lie about the key.
    return {key_id(key): key for key in keys}


def replace_signing_key() -> str:
    """Retire the current key, keeping its public half, and sign with a new one. Returns its id."""
    old = _signing_key().public_key()
    make(_folder() / f"retired-{key_id(old)}.pem", _public_pem(old))
    (_folder() / _CURRENT).unlink()
    make(_folder() / _CURRENT, _new_private_pem())
    return key_id(_signing_key().public_key())


def create_signing_key() -> None:
    make(_folder() / _CURRENT, _new_private_pem())


def key_id(key: Ed25519PublicKey) -> str:
    """The key's thumbprint (RFC 7638)."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _to_text(key.public_bytes_raw())}
    return _to_text(hashlib.sha256(canonical(members).encode()).digest())


def _folder() -> Path:
    return key_folder() / "signing"


def _signing_key() -> Ed25519PrivateKey:
    path = _folder() / _CURRENT
    if not path.exists():
        read_or_make(path, _new_private_pem())
    return _signing_key_of(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _signing_key_of(path: Path, changed: int) -> Ed25519PrivateKey:  # noqa: ARG001 - cache key
    key = serialization.load_pem_private_key(read_or_make(path, b""), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeysUnreadable(f"{path} is not an Ed25519 private key.")
    return key


def _new_private_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _public_key(pem: bytes) -> Ed25519PublicKey:
    key = serialization.load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise TypeError("not an Ed25519 key")
    return key


def _keys_in(content: bytes) -> list[Ed25519PublicKey]:
    if content.lstrip().startswith(b"-----BEGIN"):
        return [_public_key(content)]
    document = json.loads(content)
    members = document.get("keys", [document])
    usable = [key for key in members if key.get("crv") == "Ed25519"]
    return [Ed25519PublicKey.from_public_bytes(_to_bytes(key["x"])) for key in usable]


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": _to_text(key.public_bytes_raw()),
        "kid": key_id(key),
        "use": "sig",
        "alg": "EdDSA",
    }


def _to_text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _to_bytes(text: str) -> bytes:
    """Only the one spelling of these bytes: others would let a file change and still fit."""
    value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _to_text(value) != text:
        raise ValueError("not base64url")
    return value
