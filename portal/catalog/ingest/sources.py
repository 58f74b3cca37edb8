"""Reads an integration onto the bench in the way of its kind."""

from collections.abc import Callable, Mapping
from typing import IO

from django.utils.translation import gettext as _

from portal.catalog import credentials
from portal.catalog.connections import PostgresPlace, SqlitePlace
from portal.catalog.ingest.bench import Bench
from portal.catalog.ingest.dbt import read_artifacts
from portal.catalog.ingest.documents import read_document
from portal.catalog.ingest.postgresql import connected, read_database
from portal.catalog.ingest.scans import read_scan
from portal.catalog.ingest.sqlite import opened_file, read_file
from portal.catalog.models import Integration
from portal.catalog.refusals import ArtifactRefused, Whereabouts
from portal.catalog.rules import ARTIFACTS, IntegrationKind, UploadKind

Beat = Callable[[int], None]
Streams = Mapping[str, IO[bytes]]
Reader = Callable[[Integration, Streams, Bench, Beat], None]


def read_into(bench: Bench, integration: Integration, streams: Streams, *, beat: Beat) -> None:
    """Everything the source or its files say, or an ArtifactRefused or ImportStopped."""
    _READERS[integration.kind](integration, streams, bench, beat)


def _artifacts(_integration: Integration, streams: Streams, bench: Bench, beat: Beat) -> None:
    _require(streams, *ARTIFACTS)
    read_artifacts(streams, bench, beat=beat)


def _document(_integration: Integration, streams: Streams, bench: Bench, beat: Beat) -> None:
    _require(streams, UploadKind.PUSH)
    read_document(streams[UploadKind.PUSH], bench, beat=beat)


def _scan(_integration: Integration, streams: Streams, bench: Bench, beat: Beat) -> None:
    _require(streams, UploadKind.PUSH)
    read_scan(streams[UploadKind.PUSH], bench, beat=beat)


def _postgresql(integration: Integration, _streams: Streams, bench: Bench, beat: Beat) -> None:
    place = PostgresPlace.checked(integration.connection)
    with connected(place, credentials.opened(integration)) as line:
        read_database(line, place, bench, beat=beat)


def _sqlite(integration: Integration, _streams: Streams, bench: Bench, beat: Beat) -> None:
    place = SqlitePlace.checked(integration.connection)
    with opened_file(place, integration.organization.slug) as database:
        read_file(database, bench, beat=beat)


def _require(streams: Streams, *kinds: UploadKind) -> None:
    for kind in kinds:
        if kind not in streams:
            said = _("What was sent was deleted before it could be read. Send it again.")
            raise ArtifactRefused("files-gone", said, Whereabouts(str(kind.label)))


_READERS: Mapping[str, Reader] = {
    IntegrationKind.DBT_ARTIFACTS: _artifacts,
    IntegrationKind.POSTGRESQL: _postgresql,
    IntegrationKind.SQLITE: _sqlite,
    IntegrationKind.SCAN_RESULTS: _scan,
    IntegrationKind.JSON: _document,
}
