"""Diagnosis without access: what a bundle says of the integrations attached to a case.

A value is let in by its kind: a number, an instant, an id, one of the product's own words. Any
other text is refused, so that no name and no value of the customer's can stand in a bundle.
"""

import platform
from collections.abc import Iterable, Iterator
from datetime import datetime, time
from typing import Any, Final
from uuid import UUID

import django
from django.conf import settings
from django.db import connection
from django.db.models import Choices, TextChoices

from portal.catalog.ingest.postgresql import failures
from portal.catalog.models import ImportRun, Integration
from portal.catalog.rules import IntegrationKind, IntegrationStatus, RunStatus, Trigger
from portal.catalog.schedules import Every
from portal.grants.models import Bundle, Case
from tenants.access import Actor

FORM: Final = "gatehouse-diagnosis-bundle/1"
RUNS: Final = 10
# Every reason for which the catalogue refuses a source or a file; a test compares them.
ERROR_CODES: Final = frozenset(
    {
        "address-refused",
        "empty",
        "file-missing",
        "files-gone",
        "import-stopped",
        "locked",
        "malformed",
        "mismatch",
        "missing",
        "no-permission",
        "not-encrypted",
        "nothing-visible",
        "timeout",
        "too-large",
        "worn-out",
        *failures.CODES,
    }
)
COUNTS: Final = ("resources", "fields", "added", "changed", "removed", "unchanged")


class Word(str):
    """A word of the product itself, such as a version."""

    __slots__ = ()


def lines_of(case: Case, actor: Actor) -> list[dict[str, Any]]:
    """Every line of a new bundle; integrations are named by their place and id alone."""
    ids = case.integrations.order_by("label", "id").values_list("integration_id", flat=True)
    visible = Integration.objects.visible_to(actor).in_bulk(list(ids))
    found = [_line("Gatehouse", name, value) for name, value in _product()]
    for place, integration in enumerate((visible[pk] for pk in ids if pk in visible), start=1):
        part = f"Integration {place}"
        found += [_line(part, name, value) for name, value in _integration(integration)]
        runs = ImportRun.objects.visible_to(actor).filter(integration=integration)
        for back, run in enumerate(runs.order_by("-id")[:RUNS]):
            about = f"{part}, run {back + 1}"
            found += [_line(about, name, value) for name, value in _run(run)]
    return found


def document_of(bundle: Bundle, lines: Iterable[dict[str, Any]], *, at: datetime) -> dict[str, Any]:
    kept = list(lines)
    return {
        "form": FORM,
        "organization": str(bundle.organization_id),
        "case": bundle.case.reference,
        "bundle": str(bundle.pk),
        "made_at": bundle.made_at.isoformat(),
        "sent_at": at.isoformat(),
        "lines": kept,
        "left_out": len(bundle.lines) - len(kept),
    }


def plain(value: object) -> int | bool | str | None:
    """The value as it stands in a bundle. Raises TypeError for any text of unknown origin."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime | time):
        return value.isoformat(timespec="seconds")
    if isinstance(value, UUID | Word):
        return str(value)
    if isinstance(value, Choices):
        return str(value.value)
    raise TypeError(f"a bundle takes no {type(value).__name__}")


def _line(part: str, name: str, value: object) -> dict[str, Any]:
    return {"part": part, "name": name, "value": plain(value)}


def _product() -> Iterator[tuple[str, object]]:
    yield "API version", Word(settings.SPECTACULAR_SETTINGS["VERSION"])
    yield "Python", Word(platform.python_version())
    yield "Django", Word(django.get_version())
    yield "Database", Word(connection.vendor)


def _integration(row: Integration) -> Iterator[tuple[str, object]]:
    yield "Id", row.pk
    yield "Kind", _choice(row.kind, IntegrationKind)
    yield "Status", _choice(row.status, IntegrationStatus)
    yield "Paused", row.is_paused
    yield "Schedule", _choice(row.every, Every)
    yield "Runs at (UTC)", row.run_time
    yield "Next run", row.next_run_at
    yield "Last run that worked", row.last_sync_at
    yield "Last run that failed", row.last_error_at
    yield "Error code", _code(row.last_error_code)
    yield "Resources", row.resource_count
    yield "Fields", row.field_count
    yield "Version of the connection", row.connection_version
    yield "Has a credential", bool(row.credential)
    yield "Warnings", len(row.warnings)


def _run(run: ImportRun) -> Iterator[tuple[str, object]]:
    yield "Began by", _choice(run.trigger, Trigger)
    yield "Status", _choice(run.status, RunStatus)
    yield "Queued", run.queued_at
    yield "Finished", run.finished_at
    yield "Attempts", run.attempts
    yield "Bytes read", run.bytes_read
    yield "Bytes in all", run.bytes_total
    for name in COUNTS:
        count = run.counts.get(name)
        if isinstance(count, int):
            yield name.capitalize(), count
    if run.error_code:
        yield "Error code", _code(run.error_code)
    if run.error_line is not None:
        yield "Error in line", run.error_line


def _choice(value: str, known: type[TextChoices]) -> Word:
    """One of the words the product has for it; anything else in the column is not repeated."""
    return Word(value if value in known.values else "unknown")


def _code(text: str) -> Word | None:
    if not text:
        return None
    return Word(text if text in ERROR_CODES else "unknown")
