"""Counts stored files by another path than the eraser: the disk itself, or the bucket's listing."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings

from portal.tickets.models import Ticket
from portal.tickets.rules import CLASS_SUBJECTS, Scope
from tenants.inventory import ERASABLE_ALONE, DataClass

_WITHOUT_FILES = frozenset(ERASABLE_ALONE) - {DataClass.UPLOADS, DataClass.ACTIVITY}


def files_left(ticket: Ticket) -> int:
    """Files still there, however deep, below a folder that names what was to go.

    In a bucket every version counts, and so does the rest of an upload that never ended.
    """
    if ticket.scope == Scope.PERSON or CLASS_SUBJECTS.get(ticket.subject_id) in _WITHOUT_FILES:
        return 0
    goes = ticket.subject_id if ticket.scope == Scope.INTEGRATION else ticket.organization_id
    marks = {str(goes), goes.hex}
    paths = _in_bucket() if settings.STORAGE_BUCKET else _on_disk(settings.UPLOAD_FOLDER)
    return sum(1 for parts in paths if marks & set(parts))


def _on_disk(folder: Path) -> Iterator[tuple[str, ...]]:
    if folder.is_dir():
        yield from (path.parts for path in folder.rglob("*") if path.is_file())


def _in_bucket() -> Iterator[tuple[str, ...]]:
    """The whole bucket, whatever the prefix: a file in the wrong place is left over as well."""
    import boto3  # noqa: PLC0415 - heavy: only who uses an object store pays for it

    storages: Any = settings.STORAGES
    options = storages["default"]["OPTIONS"]
    client = boto3.client(
        "s3",
        endpoint_url=options.get("endpoint") or None,
        region_name=options.get("region") or None,
        aws_access_key_id=options.get("access_key") or None,
        aws_secret_access_key=options.get("secret_key") or None,
    )
    for key in (*_versions(client), *_unfinished(client)):
        yield PurePosixPath(key).parts


def _versions(client: Any) -> Iterator[str]:
    for page in client.get_paginator("list_object_versions").paginate(
        Bucket=settings.STORAGE_BUCKET
    ):
        for kind in ("Versions", "DeleteMarkers"):
            yield from (found["Key"] for found in page.get(kind, ()))


def _unfinished(client: Any) -> Iterator[str]:
    for page in client.get_paginator("list_multipart_uploads").paginate(
        Bucket=settings.STORAGE_BUCKET
    ):
        yield from (found["Key"] for found in page.get("Uploads", ()))
