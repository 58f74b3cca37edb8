"""Files in an object store: written, read, listed, and gone with every version."""

from io import BytesIO
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from portal.objects import IN_MEMORY, NotErased, ObjectStorage
from tests.foreign.object_store import BUCKET, keys_in

NAME = "artifacts/one/two.json"


def test_a_file_comes_back_as_it_was_written(bucket: Any) -> None:
    content = BytesIO(b'{"rows": []}' * (IN_MEMORY // 8))
    assert default_storage.save(NAME, File(content)) == NAME
    assert not content.closed
    with default_storage.open(NAME, "rb") as opened:
        assert opened.read() == content.getvalue()
        opened.seek(0)
        assert opened.read(2) == b'{"'
    assert default_storage.size(NAME) == len(content.getvalue())
    assert default_storage.get_modified_time(NAME).tzinfo is not None
    assert keys_in(bucket) == [f"portal/{NAME}"]


def test_folders_and_files_are_listed_apart(bucket: Any) -> None:
    for name in ("a/1.json", "a/b/2.json", "a/b/c/3.json", "ab/4.json"):
        default_storage.save(name, ContentFile("{}"))
    assert default_storage.listdir("a") == (["b"], ["1.json"])
    assert default_storage.listdir("nothing") == ([], [])


def test_deleting_takes_every_version_and_leaves_the_neighbour(bucket: Any) -> None:
    for content in ("old", "new"):
        bucket.put_object(Bucket=BUCKET, Key=f"portal/{NAME}", Body=content.encode())
    bucket.delete_object(Bucket=BUCKET, Key=f"portal/{NAME}")
    default_storage.save(f"{NAME}.more", ContentFile("{}"))
    assert not default_storage.exists(NAME)
    assert isinstance(default_storage._wrapped, ObjectStorage)
    assert default_storage._wrapped.is_kept(NAME)

    default_storage.delete(NAME)

    assert keys_in(bucket) == [f"portal/{NAME}.more"]
    default_storage.delete(NAME)


def test_uploads_that_never_ended_go_with_their_folder(bucket: Any) -> None:
    bucket.create_multipart_upload(Bucket=BUCKET, Key=f"portal/{NAME}")
    default_storage._wrapped.delete_under("artifacts/one")
    assert not bucket.list_multipart_uploads(Bucket=BUCKET).get("Uploads")


@pytest.mark.parametrize("reading", ["open", "size", "get_modified_time"])
def test_what_is_not_there_says_so(bucket: Any, reading: str) -> None:
    with pytest.raises(FileNotFoundError):
        getattr(default_storage, reading)("artifacts/none.json")


def test_a_version_that_the_store_holds_is_an_error_and_not_a_silence(bucket: Any) -> None:
    """A lock of the bucket's owner: the request stays open, and says why."""
    storage = default_storage._wrapped

    class Held:
        def __getattr__(self, name: str) -> Any:
            return getattr(bucket, name)

        def delete_objects(self, **_asked: Any) -> dict[str, Any]:
            return {"Errors": [{"Key": NAME, "Code": "AccessDenied"}]}

    default_storage.save(NAME, ContentFile("{}"))
    storage.client = Held()
    with pytest.raises(NotErased, match="AccessDenied"):
        default_storage.delete(NAME)


@pytest.fixture(autouse=True)
def _wrapped(bucket: Any) -> None:
    """The storage is made when it is first asked, so each test begins with one of its own."""
    default_storage.exists("nothing")
