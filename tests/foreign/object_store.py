"""An object store on loopback that speaks S3 and keeps every version."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.conf import settings as configured
from moto.server import ThreadedMotoServer

BUCKET = "gatehouse-tests"
KEYS = {"region": "us-east-1", "access_key": "tests", "secret_key": "tests"}


@pytest.fixture(scope="session")
def _store() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(_store: str, settings: Any) -> Iterator[Any]:
    """The client of somebody else, beside the portal that now keeps its files in the bucket."""
    client = boto3.client(
        "s3",
        endpoint_url=_store,
        region_name=KEYS["region"],
        aws_access_key_id=KEYS["access_key"],
        aws_secret_access_key=KEYS["secret_key"],
    )
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    settings.STORAGE_BUCKET = BUCKET
    options = {"bucket": BUCKET, "prefix": "portal", "endpoint": _store, **KEYS}
    settings.STORAGES = {
        **configured.STORAGES,
        "default": {"BACKEND": "portal.objects.ObjectStorage", "OPTIONS": options},
    }
    yield client
    client.close()
    emptied(client)
    client.delete_bucket(Bucket=BUCKET)


def keys_in(client: Any) -> list[str]:
    """Every version of every object, marks of deletions included."""
    page = client.list_object_versions(Bucket=BUCKET)
    return sorted(v["Key"] for kind in ("Versions", "DeleteMarkers") for v in page.get(kind, ()))


def emptied(client: Any) -> None:
    page = client.list_object_versions(Bucket=BUCKET)
    for kind in ("Versions", "DeleteMarkers"):
        for found in page.get(kind, ()):
            client.delete_object(Bucket=BUCKET, Key=found["Key"], VersionId=found["VersionId"])
