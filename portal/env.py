"""Typed readers of environment variables that fail loudly; secrets also come from NAME_FILE."""

from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_read = environ.FileAwareEnv()
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


def text(name: str, default: str | None = None) -> str:
    """The value, from NAME or the file that NAME_FILE names; without a default it must be there."""
    value: str = _read.str(name, default="")
    value = value.strip()
    if value:
        return value
    if default is None:
        message = f"Set {name} (or {name}_FILE) in the environment."
        raise ImproperlyConfigured(message)
    return default


def is_set(name: str) -> bool:
    return bool(text(name, default=""))


def flag(name: str, *, default: bool) -> bool:
    value = text(name, default=str(default)).lower()
    if value not in _TRUE | _FALSE:
        message = f"{name} must be true or false, not {value!r}."
        raise ImproperlyConfigured(message)
    return value in _TRUE


def number(name: str, *, default: int, low: int = 0, high: int = 2**31) -> int:
    value = text(name, default=str(default))
    if not value.isascii() or not value.isdigit() or not low <= int(value) <= high:
        message = f"{name} must be a whole number from {low} to {high}, not {value!r}."
        raise ImproperlyConfigured(message)
    return int(value)


def words(name: str) -> list[str]:
    """A list separated by commas, empty when unset."""
    return [word.strip() for word in text(name, default="").split(",") if word.strip()]


def folder(name: str, *, default: Path) -> Path:
    return Path(text(name, default=str(default))).expanduser().resolve()


def web_address(name: str, default: str | None = None) -> SplitResult:
    """An http or https origin: no path, no user, no query."""
    value = text(name, default=default)
    parts = urlsplit(value.rstrip("/"))
    extra = parts.path or parts.query or parts.fragment or parts.username
    if parts.scheme not in {"http", "https"} or not parts.hostname or extra:
        message = f"{name} must look like https://gatehouse.example.com, not {value!r}."
        raise ImproperlyConfigured(message)
    return parts
