"""A deletion where files lie in an object store: every version goes, and the listing proves it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from portal.catalog.models import ImportRun, Integration, Upload
from portal.fulfilment.models import Certificate
from portal.objects import ObjectStorage
from portal.tickets.actions import file_deletion
from portal.tickets.models import Step, Tally
from portal.tickets.rules import Scope, Status
from tenants.access import Actor
from tenants.models import Membership, Policy
from tests.foreign.object_store import BUCKET, keys_in
from tests.portal.fulfilment.conftest import Work, make_integration

pytestmark = pytest.mark.django_db(transaction=True)

CANARY = b"canary-in-a-bucket"


@pytest.fixture
def by_ada(ada: Membership, actor_of: Callable[..., Actor]) -> Actor:
    Policy.objects.update(cooling_off=timedelta(0))
    return actor_of(ada)


def fill(bucket: Any, integration: Integration, at: datetime) -> list[str]:
    """A named file with an old version, one only hidden, one nobody names, and half an upload."""
    home = f"artifacts/{integration.organization_id}/{integration.pk}"
    run = ImportRun.objects.create(integration=integration, queued_at=at, bytes_total=1)
    Upload.objects.create(
        integration=integration, run=run, kind="manifest", path=f"{home}/1.json", size=1,
        digest="0", uploaded_at=at, expires_at=at + timedelta(days=1),
    )  # fmt: skip
    for name in ("1", "1", "2", "deep/3"):
        bucket.put_object(Bucket=BUCKET, Key=f"portal/{home}/{name}.json", Body=CANARY)
    bucket.delete_object(Bucket=BUCKET, Key=f"portal/{home}/2.json")
    bucket.create_multipart_upload(Bucket=BUCKET, Key=f"portal/{home}/half.json")
    return [f"portal/{home}/{name}.json" for name in ("1", "1", "2", "2", "deep/3")]


@pytest.mark.parametrize("scope", [Scope.INTEGRATION, Scope.ALL_METADATA])
def test_every_version_goes_and_another_integration_keeps_its_files(
    scope: Scope, bucket: Any, ada: Membership, by_ada: Actor, at: datetime, work: Work
) -> None:
    integration = make_integration(ada, at, name="Warehouse", size=1)
    other = make_integration(ada, at, name="Lake", size=1)
    assert keys_in(bucket) == []
    mine = fill(bucket, integration, at)
    kept = f"artifacts/{other.organization_id}/{other.pk}/kept.json"
    default_storage.save(kept, ContentFile("{}"))
    assert keys_in(bucket) == sorted([*mine, f"portal/{kept}"])
    is_one = scope == Scope.INTEGRATION
    ticket = work(
        file_deletion(
            scope,
            actor=by_ada,
            at=at,
            confirmation="Warehouse" if is_one else "Acme Health",
            integration_id=integration.pk if is_one else None,
        )
    )
    assert ticket.status == Status.ERASED
    assert keys_in(bucket) == ([f"portal/{kept}"] if is_one else [])
    assert not bucket.list_multipart_uploads(Bucket=BUCKET).get("Uploads")
    tally = Tally.objects.get(ticket=ticket, store="files")
    assert (tally.before, tally.erased, tally.after) == (3 + (not is_one), 3 + (not is_one), 0)


def test_what_the_eraser_does_not_reach_keeps_the_request_open(
    bucket: Any, ada: Membership, by_ada: Actor, at: datetime, work: Work
) -> None:
    """The read-back lists the bucket itself, also outside the portal's prefix."""
    integration = make_integration(ada, at, name="Warehouse", size=1)
    bucket.put_object(Bucket=BUCKET, Key=f"elsewhere/{integration.pk}/copy", Body=CANARY)
    ticket = work(
        file_deletion(
            Scope.INTEGRATION,
            actor=by_ada,
            at=at,
            confirmation="Warehouse",
            integration_id=integration.pk,
        )
    )
    assert ticket.is_open
    assert Tally.objects.get(ticket=ticket, store="files").after == 1
    assert Step.objects.get(ticket=ticket, name="verification").rounds > 1
    assert not Certificate.objects.exists()


def test_a_store_that_is_down_is_tried_again(
    bucket: Any, ada: Membership, by_ada: Actor, at: datetime, work: Work
) -> None:
    integration = make_integration(ada, at, name="Warehouse", size=1)
    default_storage.exists("x")
    wrapped: ObjectStorage = default_storage._wrapped
    wrapped.bucket = "there-is-none"
    ticket = work(
        file_deletion(
            Scope.INTEGRATION,
            actor=by_ada,
            at=at,
            confirmation="Warehouse",
            integration_id=integration.pk,
        )
    )
    assert ticket.status == Status.RETRYING
    assert "NoSuchBucket" in Step.objects.get(ticket=ticket, name="inventory").error_code
    assert Integration.objects.filter(pk=integration.pk).exists()
