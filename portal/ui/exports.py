"""Spreadsheet downloads whose cells can never be run as formulas."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from django.http import HttpResponse, StreamingHttpResponse

# What spreadsheet programs take as the start of a formula, full-width forms included.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_response(
    filename: str, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> HttpResponse:
    """A CSV download; cells that could start a formula get a leading apostrophe."""
    return HttpResponse(csv_lines(header, rows), headers=download_headers(filename))


def csv_stream(
    filename: str, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> StreamingHttpResponse:
    """The same, sent while it is read. The rows must open whatever scope they need."""
    return StreamingHttpResponse(csv_lines(header, rows), headers=download_headers(filename))


def download_headers(filename: str, kind: str = "text/csv; charset=utf-8") -> dict[str, str]:
    return {
        "Content-Type": kind,
        "Content-Disposition": f'attachment; filename="{filename}"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    writer = csv.writer(_Echo(), quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for row in chain([header], rows):
        yield writer.writerow([safe_cell(cell) for cell in row])


class _Echo:
    """Gives each line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def safe_cell(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    text = "" if value is None else str(value).replace("\x00", "")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
