"""Uploaded files at rest: named by ids alone, private, and deleted without a trace."""

from collections.abc import Iterator
from hashlib import sha256
from typing import IO
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from portal.catalog.refusals import ArtifactRefused, Whereabouts
from portal.catalog.rules import LONGEST_UPLOAD, UploadKind

FOLDER = "artifacts"
_START = 512


def folder_of(organization_id: UUID, integration_id: UUID | None = None) -> str:
    """Where all files of an organization lie, or those of one of its integrations."""
    folder = f"{FOLDER}/{organization_id}"
    return folder if integration_id is None else f"{folder}/{integration_id}"


def path_of(organization_id: UUID, integration_id: UUID, upload_id: UUID) -> str:
    return f"{folder_of(organization_id, integration_id)}/{upload_id}.json"


def walk(folder: str) -> Iterator[str]:
    """Every file below the folder, however deep; nothing when it is not there."""
    try:
        folders, names = default_storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    yield from (f"{folder}/{name}" for name in names)
    for inner in folders:
        yield from walk(f"{folder}/{inner}")


def check(file: "File[bytes]", kind: UploadKind) -> None:
    """What can be said without reading all of it. Raises ArtifactRefused."""
    where = Whereabouts(str(kind.label))
    if not file.size:
        raise ArtifactRefused("empty", _("The file is empty."), where)
    if file.size > LONGEST_UPLOAD:
        said = _("The file has %(size)d MB; at most %(most)d MB are taken.")
        sizes = {"size": file.size // 2**20, "most": LONGEST_UPLOAD // 2**20}
        raise ArtifactRefused("too-large", said % sizes, where)
    file.seek(0)
    if not file.read(_START).lstrip().startswith(b"{"):
        raise ArtifactRefused("malformed", _("This is not a JSON file."), where)
    file.seek(0)


def store(file: "File[bytes]", path: str) -> str:
    """Write the file and return the SHA-256 of what was written."""
    digest = sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    default_storage.save(path, file)
    return digest.hexdigest()


def opened(path: str) -> IO[bytes]:
    stream: IO[bytes] = default_storage.open(path, "rb")
    return stream


def erase(path: str) -> None:
    """Delete the file; one that is gone already is as good."""
    default_storage.delete(path)


def exists(path: str) -> bool:
    return default_storage.exists(path)
