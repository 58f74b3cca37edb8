"""Reads values out of an entry strictly: right type, right length, nothing unprintable."""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from portal.catalog.refusals import ArtifactRefused, Whereabouts
from portal.catalog.rules import LONGEST_NAME

_TEXT_BREAKS = frozenset("\n\r\t")
LARGEST_NUMBER = 2**31 - 1


class Shape:
    """An object of the file together with its place in it."""

    def __init__(self, values: Mapping[str, Any], *, file: str, key: str) -> None:
        self._values = values
        self.file = file
        self.key = key

    def refuse(self, reason: str, message: str, part: str = "") -> NoReturn:
        key = ".".join(piece for piece in (self.key, part) if piece)
        raise ArtifactRefused(reason, message, Whereabouts(self.file, key[:1000]))

    def name(self, part: str, longest: int = LONGEST_NAME) -> str:
        """A required name on one line."""
        name = self.line(part, longest)
        if not name.strip():
            self.refuse("missing", _("A name is missing here."), part)
        return name

    def line(self, part: str, longest: int = LONGEST_NAME) -> str:
        """An optional text without control characters."""
        return self._text(part, longest, frozenset())

    def text(self, part: str, longest: int) -> str:
        """An optional text that may have several lines."""
        return self._text(part, longest, _TEXT_BREAKS)

    def number(self, part: str) -> int:
        value = self._values.get(part)
        if type(value) is not int or not 0 <= value <= LARGEST_NUMBER:
            self.refuse("wrong-type", _("A whole number from 0 up is expected here."), part)
        return value

    def at(self, part: str) -> "Shape":
        """An optional object."""
        value = self._values.get(part)
        if value is None:
            value = {}
        if not isinstance(value, dict):
            self.refuse("wrong-type", _("An object ({…}) is expected here."), part)
        return Shape(value, file=self.file, key=f"{self.key}.{part}")

    def parts(self) -> Iterator[tuple[str, "Shape"]]:
        """The objects inside this one, by key."""
        for part in self._values:
            yield part, self.at(part)

    def lines(self, part: str, longest: int, most: int) -> list[str]:
        """An optional list of texts, or a single one."""
        value = self._values.get(part)
        if value is None:
            return []
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list):
            self.refuse("wrong-type", _("A list of texts is expected here."), part)
        if len(items) > most:
            self.refuse("too-large", _("At most %(most)d are taken here.") % {"most": most}, part)
        listed = Shape(
            {str(i): item for i, item in enumerate(items)}, file=self.file, key=f"{self.key}.{part}"
        )
        return list(dict.fromkeys(listed.line(str(i), longest) for i in range(len(items))))

    def items(self, part: str, most: int) -> "list[Shape]":
        """An optional list of objects."""
        value = self._values.get(part)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse("wrong-type", _("A list is expected here."), part)
        if len(value) > most:
            self.refuse("too-large", _("At most %(most)d are taken here.") % {"most": most}, part)
        listed = Shape(
            {str(i): item for i, item in enumerate(value)},
            file=self.file,
            key=f"{self.key}.{part}",
        )
        return [shape for _key, shape in listed.parts()]

    def instant(self, part: str) -> datetime:
        """A required instant that says its zone."""
        text = self.line(part)
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            said = _("A time with its zone is expected here, such as 2026-01-31T08:00:00Z.")
            self.refuse("wrong-type", said, part)
        return found.astimezone(UTC)

    def only(self, known: frozenset[str]) -> None:
        """Refuse parts that are not known: a misspelt one would be lost without a word."""
        for part in self._values:
            if part not in known:
                said = _("This key is not known here. Check its spelling.")
                self.refuse("unknown-key", said, part)

    def holds(self, part: str) -> bool:
        return part in self._values

    def raw(self, part: str) -> Any:
        return self._values.get(part)

    def _text(self, part: str, longest: int, allowed: frozenset[str]) -> str:
        value = self._values.get(part)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.refuse("wrong-type", _("A text is expected here."), part)
        if len(value) > longest:
            said = _("This text has %(length)d characters; at most %(longest)d are taken.")
            self.refuse("too-long", said % {"length": len(value), "longest": longest}, part)
        if not value.isprintable():
            self._check_characters(value, part, allowed)
        return value

    def _check_characters(self, value: str, part: str, allowed: frozenset[str]) -> None:
        for character in value:
            if unicodedata.category(character) in {"Cc", "Cs"} and character not in allowed:
                said = _("This text holds a control character (U+%(code)04X).")
                self.refuse("control-character", said % {"code": ord(character)}, part)
