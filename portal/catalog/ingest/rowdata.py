"""Tells rows of data from a description of data: a catalogue holds names and types, never rows."""

from typing import Final

from django.utils.translation import gettext as _

from portal.catalog.ingest.shape import Shape

# Keys under which tools put rows of data.
ROWS: Final = frozenset(
    {"rows", "row_data", "data", "sample", "samples", "sample_rows", "sample_values",
     "preview", "records", "example_values", "top_values", "agate_table", "failed_rows",
     "failedRows", "frequent_values", "failedRowsSampleRef", "sampleRows"}
)  # fmt: skip


def rows_refused() -> str:
    return _("This is data, not a description of it. Samples are off: leave rows out.")


def refuse_rows(shape: Shape) -> None:
    for part in sorted(ROWS):
        if shape.holds(part):
            shape.refuse("row-data", rows_refused(), part)
