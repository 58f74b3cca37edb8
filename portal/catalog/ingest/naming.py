"""Names as a database has them, made fit to be kept: nobody can correct a source for us."""

import unicodedata
from collections.abc import Iterable
from hashlib import sha256

from portal.catalog.rules import LONGEST_KEY, LONGEST_NAME

_MARK = 12


def tidy(text: str, longest: int = LONGEST_NAME, *, breaks: str = "") -> str:
    """Without control characters and not too long; what was cut says so by its end."""
    plain = text
    if not text.isprintable():
        plain = "".join("\ufffd" if _is_control(c) and c not in breaks else c for c in text)
    if len(plain) > longest:
        plain = f"{plain[: longest - _MARK - 2]}…{_digest(text)}"
    return plain


def tidy_text(text: str | None, longest: int) -> str:
    return tidy(text or "", longest, breaks="\n\r\t")


def key_of(*parts: str) -> str:
    """One key for a name of several parts; different names never have the same."""
    key = ".".join(_quoted(part) for part in parts)
    kept = tidy(key, LONGEST_KEY - _MARK - 1)
    return kept if kept == key else f"{kept}~{_digest(key)}"


def distinct(names: Iterable[str]) -> list[str]:
    """The names made fit; those that become alike are told apart."""
    kept: dict[str, None] = {}
    for name in names:
        plain = tidy(name) if name.strip() else "\ufffd"
        if plain in kept:
            plain = f"{plain[: LONGEST_NAME - _MARK - 1]}~{_digest(f'{name}{len(kept)}')}"
        kept[plain] = None
    return list(kept)


def _quoted(part: str) -> str:
    if '"' in part or "." in part or not part:
        return '"' + part.replace('"', '""') + '"'
    return part


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cs"}


def _digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:_MARK]
