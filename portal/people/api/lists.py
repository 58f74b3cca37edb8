"""Lists of people over the API: CSV read as it comes, and the report on it."""

from collections.abc import Mapping
from typing import IO, Any, ClassVar

from rest_framework.parsers import BaseParser

from portal.people.importing import Report
from portal.people.leavers import LAYOUT
from portal.people.sheets import MAX_BYTES, Row, cell_problem


class ListParser(BaseParser):
    """The bytes of a CSV body, and one more than is read, so that what is too long is told."""

    media_type = "text/csv"
    max_bytes: ClassVar[int] = MAX_BYTES

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, bytes]:
        return {"csv": stream.read(self.max_bytes + 1)}


class LeaverListParser(ListParser):
    """The same for a list of leavers, which may be longer."""

    max_bytes: ClassVar[int] = LAYOUT.max_bytes


def leaver_row(place: int, person: Mapping[str, Any]) -> Row:
    """A leaver of a JSON list as a line, held to the same rules."""
    email, day = person["email"].strip(), person["last_day"]
    return Row(
        place,
        {"email": email, "last day": day.isoformat() if day else ""},
        cell_problem(email),
    )


def row_of(place: int, person: Mapping[str, Any]) -> Row:
    """A person of a JSON list as a line, held to the same rules."""
    day = person["access_ends_on"]
    cells = {name: person[name].strip() for name in ("email", "name", "role")}
    cells["teams"] = "|".join(person["teams"])
    problem = next((said for cell in cells.values() if (said := cell_problem(cell))), "")
    cells["access ends"] = day.isoformat() if day else ""
    return Row(place, cells, problem)


def shown(report: Report, *, invited: int) -> dict[str, Any]:
    return {
        "invited": invited,
        "ready": len(report.ready),
        "problems": len(report.problems),
        "lines": report.lines,
    }
