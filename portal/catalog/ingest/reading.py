"""Reads large JSON files entry by entry, in flat memory, and says where one is broken."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any, Final

import ijson
from django.utils.translation import gettext as _

from portal.catalog.ingest.rowdata import rows_refused
from portal.catalog.refusals import ArtifactRefused, Whereabouts

DEEPEST = 40
# One table with 10,000 columns fits; a file that is one endless entry does not.
MOST_VALUES = 120_000
MOST_CHARACTERS = 12_000_000
CHUNK = 64 * 1024
LONGEST_NUMBER = 1000
_LONG_NUMBER = re.compile(rb"\d{%d}" % LONGEST_NUMBER)

Event = tuple[str, Any]
# What the parser raises on bytes that are not JSON.
_BROKEN = (ijson.JSONError, ValueError, ArithmeticError)
_OPENING: Final = ("start_map", "start_array")
_CLOSING: Final = ("end_map", "end_array")


class Feed:
    """Hands a file to the parser and knows how much was handed out."""

    def __init__(self, stream: IO[bytes], *, byte_by_byte_after: int | None = None) -> None:
        stream.seek(0)
        self._stream = stream
        self._fine = byte_by_byte_after
        self._tail = b""
        self.before_last = 0
        self.handed_out = 0

    def read(self, size: int = CHUNK) -> bytes:
        if size == 0:
            return b""
        if self._fine is not None:
            left = self._fine - self.handed_out
            size = min(size, left) if left > 0 else 1
        piece = self._stream.read(size)
        self.before_last = self.handed_out
        self.handed_out += len(piece)
        self._refuse_long_numbers(piece)
        return piece

    def _refuse_long_numbers(self, piece: bytes) -> None:
        """The parser leaves an exception pending for them, which then strikes anywhere."""
        text = self._tail + piece
        if _LONG_NUMBER.search(text):
            raise ValueError("A number has too many digits.")
        self._tail = text[-LONGEST_NUMBER:]


@dataclass(frozen=True, slots=True)
class Extras:
    """What is done with sections besides those whose entries are wanted."""

    # Sections that may be lists of entries.
    lists: frozenset[str] = frozenset()
    # Single values, kept in `Entries.facts`.
    facts: frozenset[str] = frozenset()
    # Sections that hold rows of data: taken only when they are empty.
    rows: frozenset[str] = frozenset()
    # Anything that is not named is refused, in entries too, instead of passed over.
    strict: bool = False


class Entries:
    """The entries of the wanted sections of one file: `(section, key, value)`.

    `wanted` names for each section the parts of an entry to keep; the rest is passed over
    unbuilt. The section `metadata` is one entry with the key "". A section that is a list has
    the places in it as keys.
    """

    def __init__(
        self,
        stream: IO[bytes],
        *,
        file: str,
        wanted: Mapping[str, frozenset[str]],
        extras: Extras | None = None,
    ) -> None:
        self.file = file
        self._extras = extras or Extras()
        self.facts: dict[str, Any] = {}
        self.feed = Feed(stream)
        self._stream = stream
        self._wanted = wanted
        self._depth = 0
        self._values = 0
        self._characters = 0
        self._path: list[str] = []
        self.sections: set[str] = set()

    def __iter__(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        try:
            yield from self._sections(iter(ijson.basic_parse(self.feed, buf_size=CHUNK)))
        except _BROKEN as error:
            raise self._broken() from error

    def refuse(self, reason: str, message: str) -> ArtifactRefused:
        return ArtifactRefused(reason, message, Whereabouts(self.file, ".".join(self._path)))

    def _sections(self, events: Iterator[Event]) -> Iterator[tuple[str, str, dict[str, Any]]]:
        self._expect_object(next(events))
        for event, value in events:
            if event == "end_map":
                self._exhaust(events)
                return
            self._path = [value]
            if value in self.sections:
                raise self.refuse("duplicate", _("This part of the file appears twice."))
            self.sections.add(value)
            yield from self._section(value, events)

    def _section(
        self, section: str, events: Iterator[Event]
    ) -> Iterator[tuple[str, str, dict[str, Any]]]:
        if section not in self._wanted:
            self._pass_over(section, next(events), events)
            return
        opening = next(events)
        if opening[0] == "start_array" and section in self._extras.lists:
            yield from self._items(section, events)
            return
        self._expect_object(opening)
        if section == "metadata":
            yield section, "", self._entry(events, self._wanted[section])
            return
        for event, key in events:
            if event == "end_map":
                return
            self._path = [section, key]
            self._expect_object(next(events))
            yield section, key, self._entry(events, self._wanted[section])

    def _items(
        self, section: str, events: Iterator[Event]
    ) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for place, opening in enumerate(events):
            if opening[0] == "end_array":
                return
            self._path = [section, str(place)]
            self._expect_object(opening)
            yield section, str(place), self._entry(events, self._wanted[section])

    def _pass_over(self, section: str, opening: Event, events: Iterator[Event]) -> None:
        if section in self._extras.facts and opening[0] not in _OPENING:
            self.facts[section] = opening[1]
            return
        if section in self._extras.rows:
            self._expect_empty(opening, events)
            return
        if self._extras.strict:
            raise self._unknown()
        self._skip(opening, events)

    def _expect_empty(self, opening: Event, events: Iterator[Event]) -> None:
        is_empty = opening[1] is None and (
            opening[0] == "null" or (opening[0] in _OPENING and next(events)[0] in _CLOSING)
        )
        if not is_empty:
            raise self.refuse("row-data", rows_refused())

    def _unknown(self) -> ArtifactRefused:
        return self.refuse("unknown-key", _("This key is not known here. Check its spelling."))

    def _entry(self, events: Iterator[Event], keep: frozenset[str]) -> dict[str, Any]:
        self._values = self._characters = 0
        self._depth = 2
        built: dict[str, Any] = {}
        for event, key in events:
            if event == "end_map":
                return built
            if key not in keep:
                self._leave_out(key, events)
                continue
            self._enter(built, key)
            built[key] = self._build(next(events), events)
            self._path.pop()
        return built

    def _leave_out(self, key: str, events: Iterator[Event]) -> None:
        if self._extras.strict:
            self._path.append(key)
            raise self._unknown()
        self._skip(next(events), events)

    def _build(self, opening: Event, events: Iterator[Event]) -> Any:
        event, value = opening
        self._count(value)
        if event not in _OPENING:
            return value
        self._deeper()
        built = self._map(events) if event == "start_map" else self._list(events)
        self._depth -= 1
        return built

    def _map(self, events: Iterator[Event]) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for event, key in events:
            if event == "end_map":
                break
            self._count(key)
            self._enter(built, key)
            built[key] = self._build(next(events), events)
            self._path.pop()
        return built

    def _list(self, events: Iterator[Event]) -> list[Any]:
        built: list[Any] = []
        for opening in events:
            if opening[0] == "end_array":
                break
            built.append(self._build(opening, events))
        return built

    def _enter(self, built: Mapping[str, Any], key: str) -> None:
        self._path.append(key)
        if key in built:
            raise self.refuse("duplicate", _("This key appears twice in the same object."))

    def _skip(self, opening: Event, events: Iterator[Event]) -> None:
        if opening[0] not in _OPENING:
            return
        start = self._depth
        self._deeper()
        for event, _value in events:
            if event in _OPENING:
                self._deeper()
            elif event in _CLOSING:
                self._depth -= 1
                if self._depth == start:
                    return

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self.refuse(
                "too-deep",
                _("This is nested more than %(levels)d levels deep.") % {"levels": DEEPEST},
            )

    def _count(self, value: Any) -> None:
        self._values += 1
        self._characters += len(value) if isinstance(value, str) else 1
        if self._values > MOST_VALUES or self._characters > MOST_CHARACTERS:
            raise self.refuse("too-large", _("This single entry is larger than an import takes."))

    def _expect_object(self, event: Event) -> None:
        if event[0] != "start_map":
            raise self.refuse("wrong-type", _("An object ({…}) is expected here."))

    def _exhaust(self, events: Iterator[Event]) -> None:
        for _event in events:
            raise self._broken()

    def _broken(self) -> ArtifactRefused:
        offset = _breaking_point(self._stream, self.feed.before_last)
        line = _line_of(self._stream, offset)
        message = _(
            "The file stops being valid JSON at line %(line)d (byte %(offset)d). "
            "It may be cut off or edited; export it again."
        )
        where = Whereabouts(self.file, line=line, offset=offset)
        return ArtifactRefused("malformed", message % {"line": line, "offset": offset}, where)


def _breaking_point(stream: IO[bytes], before: int) -> int:
    """The first byte that cannot be: reads again, byte by byte through the piece that failed."""
    feed = Feed(stream, byte_by_byte_after=before)
    try:
        for _event in ijson.basic_parse(feed, buf_size=CHUNK):
            pass
    except _BROKEN:
        return max(0, feed.handed_out - 1)
    return feed.handed_out


def _line_of(stream: IO[bytes], offset: int) -> int:
    stream.seek(0)
    line, left = 1, offset
    while left > 0:
        piece = stream.read(min(CHUNK, left))
        if not piece:
            break
        line += piece.count(b"\n")
        left -= len(piece)
    return line
