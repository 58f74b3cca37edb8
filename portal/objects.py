"""Files in an object store that speaks S3: deleted with every version they ever had."""

import io
import tempfile
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import IO, Any

from botocore.config import Config
from botocore.exceptions import ClientError
from django.core.files.base import File
from django.core.files.storage import Storage
from django.utils.deconstruct import deconstructible

# A file is read from a copy without a name on this machine; small ones never touch its disk.
IN_MEMORY = 8 * 2**20
AT_ONCE = 1000
_GONE = frozenset({"404", "NoSuchKey", "NotFound"})


class NotErased(OSError):
    """The store refused to delete a version: held by a lock, or by its rights."""


@deconstructible
class ObjectStorage(Storage):
    """One bucket, in it one prefix. Nothing in it is public, and nothing has an address."""

    def __init__(self, *, bucket: str, prefix: str = "", **options: str) -> None:
        self.bucket, self.options = bucket, options
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""

    @cached_property
    def client(self) -> Any:
        """Made once in a process; safe to share between threads."""
        import boto3  # noqa: PLC0415 - heavy: only who uses an object store pays for it

        return boto3.client(
            "s3",
            endpoint_url=self.options.get("endpoint") or None,
            region_name=self.options.get("region") or None,
            aws_access_key_id=self.options.get("access_key") or None,
            aws_secret_access_key=self.options.get("secret_key") or None,
            config=Config(
                connect_timeout=5,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": 4},
                # Stores other than Amazon's do not know the newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def delete(self, name: str) -> None:
        """Every version and every mark of a deletion; one that is gone already is as good."""
        self._delete_all(v for v in self.versions(name) if v["Key"] == self.key(name))

    def delete_under(self, folder: str) -> None:
        """Whatever lies below the folder, uploads that were never finished too."""
        self._delete_all(self.versions(f"{folder}/"))
        for upload in self.unfinished(f"{folder}/"):
            self.client.abort_multipart_upload(
                Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )

    def versions(self, start: str) -> Iterator[dict[str, str]]:
        """Key and version of all that begins with this, marks of deletions included."""
        pages = self.client.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self.bucket, Prefix=self.key(start)):
            for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                yield {"Key": found["Key"], "VersionId": found["VersionId"]}

    def unfinished(self, start: str) -> Iterator[dict[str, str]]:
        pages = self.client.get_paginator("list_multipart_uploads")
        for page in pages.paginate(Bucket=self.bucket, Prefix=self.key(start)):
            yield from page.get("Uploads", ())

    def is_kept(self, name: str) -> bool:
        """Whether any version is there, also one that a deletion has only hidden."""
        key = self.key(name)
        return any(version["Key"] == key for version in self.versions(name))

    def exists(self, name: str) -> bool:
        return self._head(name) is not None

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        """Folders and files; also files of which only old versions are left."""
        start = self.key(f"{path.strip('/')}/")
        folders: set[str] = set()
        names: set[str] = set()
        pages = self.client.get_paginator("list_object_versions")
        for page in pages.paginate(Bucket=self.bucket, Prefix=start, Delimiter="/"):
            folders |= {p["Prefix"][len(start) : -1] for p in page.get("CommonPrefixes", ())}
            found = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            names |= {version["Key"][len(start) :] for version in found}
        return sorted(folders), sorted(names - {""})

    def size(self, name: str) -> int:
        return int(self._there(name)["ContentLength"])

    def get_modified_time(self, name: str) -> datetime:
        changed: datetime = self._there(name)["LastModified"]
        return changed

    def key(self, name: str) -> str:
        return f"{self.prefix}{name}"

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError("Stored files are read, and written whole by save().")
        copy: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115
        try:
            self.client.download_fileobj(self.bucket, self.key(name), copy)
        except ClientError as error:
            copy.close()
            raise _translated(error, name) from error
        copy.seek(0)
        return File(copy, name)

    def _save(self, name: str, content: "File[bytes]") -> str:
        content.seek(0)
        body: Any = content.file
        if isinstance(body, io.TextIOBase):
            body = body.read().encode()
        self.client.put_object(Bucket=self.bucket, Key=self.key(name), Body=body)
        return name

    def _head(self, name: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.client.head_object(Bucket=self.bucket, Key=self.key(name))
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                return None
            raise
        return found

    def _there(self, name: str) -> dict[str, Any]:
        found = self._head(name)
        if found is None:
            raise FileNotFoundError(name)
        return found

    def _delete_all(self, versions: Iterator[dict[str, str]]) -> None:
        waiting = list(versions)
        for start in range(0, len(waiting), AT_ONCE):
            part = {"Objects": waiting[start : start + AT_ONCE], "Quiet": True}
            answer = self.client.delete_objects(Bucket=self.bucket, Delete=part)
            if answer.get("Errors"):
                first = answer["Errors"][0]
                raise NotErased(f"{len(answer['Errors'])} versions stay: {first.get('Code')}")


def _translated(error: ClientError, name: str) -> Exception:
    missing = error.response["Error"]["Code"] in _GONE
    return FileNotFoundError(name) if missing else error
