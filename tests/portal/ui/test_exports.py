"""Downloads for spreadsheets."""

import csv
import io

import pytest

from portal.ui.exports import csv_response


def cells(*row: object) -> list[str]:
    response = csv_response("events.csv", ["a"], [row])
    return list(csv.reader(io.StringIO(response.content.decode())))[1]


@pytest.mark.parametrize(
    "hostile",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1dcmd|' /C calc'!A0"],
)
def test_a_cell_that_could_be_a_formula_is_neutralised(hostile: str) -> None:
    assert cells(hostile) == [f"'{hostile}"]


def test_plain_cells_stay_as_they_are() -> None:
    assert cells("Ada", -3, None, 'says "no", twice') == ["Ada", "-3", "", 'says "no", twice']


def test_a_download_is_never_kept_by_caches() -> None:
    response = csv_response("events.csv", ["a"], [])

    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Disposition"] == 'attachment; filename="events.csv"'
