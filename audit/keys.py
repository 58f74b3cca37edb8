"""The root key, and the data keys it wraps: one key for each organization, purpose and subject."""

import base64
import os
import stat
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
NONCE_BYTES = 12


class RootKeyWrong(Exception):
    """A data key was wrapped by another root key, or its row was changed."""


def new_key() -> bytes:
    return AESGCM.generate_key(bit_length=KEY_BYTES * 8)


def wrap(key: bytes, *, about: str) -> bytes:
    """The key, encrypted by the root key and bound to `about`."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_root_key()).encrypt(nonce, key, about.encode())


def unwrap(wrapped: bytes, *, about: str) -> bytes:
    try:
        return AESGCM(_root_key()).decrypt(
            wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], about.encode()
        )
    except InvalidTag as broken:
        raise RootKeyWrong(
            "A data key does not open. Restore the key folder that belongs to this database."
        ) from broken


def key_folder() -> Path:
    return Path(settings.KEY_FOLDER)


def read_or_make(path: Path, fresh: bytes) -> bytes:
    """The file's content. Only the embedded mode makes a missing one, once, readable by its owner.

    Two processes that start together agree: the second finds the first one's file.
    """
    if not path.exists():
        if not settings.EMBEDDED:
            raise ImproperlyConfigured(
                f"{path} is missing. Restore it from the backup of the key folder, "
                "or create the keys of a new installation with: manage.py create_keys"
            )
        make(path, fresh)
    _refuse_if_open_to_others(path)
    return path.read_bytes()


def make(path: Path, content: bytes) -> None:
    """Write the file whole or not at all, and never over an existing one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def new_root_key_text() -> bytes:
    return base64.b64encode(new_key()) + b"\n"


def root_key_path() -> Path:
    return key_folder() / "root.key"


def _root_key() -> bytes:
    path = root_key_path()
    content = read_or_make(path, new_root_key_text()) if not path.exists() else None
    return _root_key_of(path, path.stat().st_mtime_ns) if content is None else _decoded(content)


@lru_cache(maxsize=4)
def _root_key_of(path: Path, changed: int) -> bytes:  # noqa: ARG001 - part of the cache's key
    _refuse_if_open_to_others(path)
    return _decoded(path.read_bytes())


def _decoded(content: bytes) -> bytes:
    try:
        key = base64.b64decode(content.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"{root_key_path()} must hold {KEY_BYTES} bytes in base64.")
    return key


def _refuse_if_open_to_others(path: Path) -> None:
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ImproperlyConfigured(f"Others can read {path}. Run: chmod 600 {path}")
