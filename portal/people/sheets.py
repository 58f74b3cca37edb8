"""Reads a list of people from CSV as spreadsheets write it; what is wrong is named by line."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.ui.exports import FORMULA_STARTS

MAX_BYTES: Final = 2 * 1024 * 1024
MAX_LINES: Final = 10_000
LONGEST_CELL: Final = 1000
# Overrides and isolates of the reading direction: with them a name reads as another (UAX 9).
DIRECTIONS: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Part of how names are written in Persian and in scripts of India.
JOINERS: Final = frozenset("\u200c\u200d")
COLUMNS: Final = ("email", "name", "role", "teams", "access ends")
_ALIASES: Final[Mapping[str, str]] = {
    "e-mail": "email",
    "e-mail address": "email",
    "email address": "email",
    "team": "teams",
    "access ends on": "access ends",
}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a list looks like: its columns, other words for them, and how much is read."""

    columns: tuple[str, ...] = COLUMNS
    aliases: Mapping[str, str] = field(default_factory=lambda: _ALIASES)
    # Whoever exports a list from another system has columns of that system in it.
    ignores_others: bool = False
    max_bytes: int = MAX_BYTES
    max_lines: int = MAX_LINES

    def name_of(self, cell: str) -> str:
        named = " ".join(cell.strip().lower().replace("_", " ").split())
        return self.aliases.get(named, named)


INVITATIONS: Final = Layout()
_DELIMITERS: Final = (",", ";", "\t")
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_BOM: Final = b"\xef\xbb\xbf"
# Every fourth byte zero is no slip in a cell: it is text in two-byte letters.
_SHARE_OF_ZEROS: Final = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A line with its cells by column, or what keeps it from being read."""

    line: int
    cells: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def get(self, column: str) -> str:
        return self.cells.get(column, "")


def read_sheet(raw: bytes, layout: Layout = INVITATIONS) -> list[Row]:
    """The lines below the header. Raises Invalid for what is no list at all."""
    text = _text(raw, layout)
    first = text.lstrip("\r\n").split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(first), strict=True)
    records = _records(reader)
    header = next(records, None)
    if header is None:
        raise _unusable(_("There is nothing in it."))
    columns = _columns(header[1], layout)
    rows: list[Row] = []
    for line, cells in records:
        if len(rows) >= layout.max_lines:
            said = _("It has more than %(most)s lines. Split it.")
            raise _unusable(said % {"most": f"{layout.max_lines:,}"})
        rows.append(_row(line, cells, columns))
    if not rows:
        raise _unusable(_("There is nobody below its first line."))
    return rows


def _unusable(said: str) -> Invalid:
    return Invalid(_("This list cannot be read."), {"file": said})


def _text(raw: bytes, layout: Layout) -> str:
    if len(raw) > layout.max_bytes:
        most = layout.max_bytes // MAX_BYTES * 2
        raise _unusable(_("It is larger than %(most)d MB. Split it.") % {"most": most})
    if raw.startswith(_UTF16) or raw.count(0) * _SHARE_OF_ZEROS > max(len(raw), 1):
        raise _unusable(_("It is in UTF-16. Save it as “CSV UTF-8”."))
    # Bytes that are no UTF-8 stay recognizable, so that their line can be named.
    return raw.removeprefix(_BOM).decode("utf-8", "surrogateescape")


def _delimiter(first: str) -> str:
    return max(_DELIMITERS, key=first.count)


def _records(reader: "csv._reader") -> Iterator[tuple[int, Sequence[str] | str]]:  # type: ignore[name-defined]
    """Each record with the line it begins on; text in place of cells ends the reading."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield line, _broken(str(error))
            return
        if any(cell.strip() for cell in cells):
            yield line, cells


def _broken(error: str) -> str:
    if "field limit" in error:
        return _("A cell is far too long. Nothing below this line was read.")
    return _("A quotation mark is not closed. Nothing below this line was read.")


def _columns(header: Sequence[str] | str, layout: Layout) -> list[str]:
    wanted = ", ".join(layout.columns)
    if isinstance(header, str):
        raise _unusable(header)
    names = [layout.name_of(cell) for cell in header]
    if any("@" in name for name in names) or "email" not in names:
        raise _unusable(_("Its first line must name the columns: %(names)s.") % {"names": wanted})
    strange = [name for name in names if name not in layout.columns]
    if strange and not layout.ignores_others:
        raise _unusable(
            _("Line 1: the column “%(name)s” is not known. Known are: %(names)s.")
            % {"name": _plain(strange[0]), "names": wanted}
        )
    known = [name for name in names if name in layout.columns]
    if len(set(known)) != len(known):
        raise _unusable(_("Line 1 names a column twice."))
    return [name if name in known else "" for name in names]


def _row(line: int, cells: Sequence[str] | str, columns: Sequence[str]) -> Row:
    if isinstance(cells, str):
        return Row(line, problem=cells)
    filled = [cell.strip(" ") for cell in cells]
    while len(filled) > len(columns) and not filled[-1]:
        filled.pop()
    if len(filled) > len(columns):
        said = _("This line has %(cells)d cells under %(columns)d columns.")
        return Row(line, problem=said % {"cells": len(filled), "columns": len(columns)})
    named = {name: cell for name, cell in zip(columns, filled, strict=False) if name}
    problems = (cell_problem(cell) for cell in named.values())
    problem = next((said for said in problems if said), "")
    return Row(line, {name: _plain(cell) for name, cell in named.items()}, problem)


def cell_problem(cell: str) -> str:
    """What is wrong with one cell, whatever column it stands in."""
    if len(cell) > LONGEST_CELL:
        return _("A cell is longer than %(most)s characters.") % {"most": f"{LONGEST_CELL:,}"}
    if any("\ud800" <= letter <= "\udfff" for letter in cell):
        return _("This line is not in UTF-8. Save the list as “CSV UTF-8”.")
    if cell.startswith(FORMULA_STARTS):
        return _("A cell begins like a formula. Take the first sign away.")
    if any(letter < " " for letter in cell):
        return _("A cell holds a line break or a control character.")
    if any(letter in DIRECTIONS for letter in cell):
        return _("A cell holds a sign that turns the reading direction. Type it again by hand.")
    return ""


def _plain(cell: str) -> str:
    """Fit to be shown and stored, whatever it was."""
    return "".join(_shown(letter) for letter in cell[:LONGEST_CELL])


def _shown(letter: str) -> str:
    if letter.isprintable() or letter in JOINERS:
        return letter
    return " " if letter.isspace() else "\ufffd"
