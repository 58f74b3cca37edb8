"""Made-up resources in large numbers, to show a deletion at full size. Demo data only."""

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from portal.catalog.ingest.applying import Counts, add_new
from portal.catalog.ingest.relations import Column, Relation, digest_of
from portal.catalog.models import Integration, Resource
from portal.catalog.rules import ResourceKind

BATCH = 2_000
_SUBJECTS = ("orders", "customers", "payments", "sellers", "products", "reviews", "visits")
_FIELDS = (("id", "BIGINT"), ("created_at", "TIMESTAMP"), ("amount", "DOUBLE"))


def make_resources(integration: Integration, count: int, *, at: datetime) -> Iterator[int]:
    """Add `count` resources with three fields each; yields how many there are after each batch."""
    start = Resource.objects.filter(integration=integration).count()
    for first in range(start, start + count, BATCH):
        last = min(first + BATCH, start + count)
        relations = [_relation(number) for number in range(first, last)]
        with transaction.atomic():
            add_new(integration, [(each, digest_of(each.packed())) for each in relations])
        yield last - start
    counts = Counts.of(integration)
    integration.synced(at=at, resources=counts.resources, fields=counts.fields)
    integration.save(update_fields=["status", "last_sync_at", "resource_count", "field_count"])


def _relation(number: int) -> Relation:
    subject = _SUBJECTS[number % len(_SUBJECTS)]
    name = f"made_{subject}_{number:06d}"
    return Relation(
        unique_key=f"{ResourceKind.MODEL}.made.{name}",
        kind=ResourceKind.MODEL,
        name=name,
        database="made",
        schema="demo",
        relation_type="BASE TABLE",
        columns=[
            Column(name=field, type=kind, position=place, description="")
            for place, (field, kind) in enumerate(_FIELDS, start=1)
        ],
    )
