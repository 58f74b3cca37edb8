"""The hash tree over an organization's events (RFC 9162): sealing, roots, checkpoints."""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from audit.canonical import canonical
from audit.identifiers import instant_of, uuid7_floor
from audit.models import Checkpoint, Event, Leaf, TreeHead
from audit.signing import sign

BATCH: Final = 5000
# A transaction that is open for longer commits below the watermark; the thorough pass finds it.
LATE_COMMIT: Final = timedelta(hours=1)
CHECKPOINT_EVENTS: Final = 100
CHECKPOINT_EVERY: Final = timedelta(seconds=60)
CHECKPOINT_FORM: Final = "gatehouse.checkpoint/1"
# Enough of each digest to name the event that no longer fits, and little to store.
SHORT_DIGEST: Final = 16
BEGINNING: Final = UUID(int=0)
_NODE: Final = b"\x01"


class Frontier:
    """The roots of the complete subtrees: all that appending to a tree needs to remember."""

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.nodes = list(nodes)

    @classmethod
    def of(cls, head: TreeHead) -> "Frontier":
        return cls(head.size, (bytes.fromhex(node) for node in json.loads(head.frontier)))

    def append(self, digest: bytes) -> None:
        node, size = digest, self.size
        while size & 1:
            node = _node(self.nodes.pop(), node)
            size >>= 1
        self.nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        if not self.nodes:
            return hashlib.sha256().digest()
        *left, root = self.nodes
        for node in reversed(left):
            root = _node(node, root)
        return root

    def text(self) -> str:
        return json.dumps([node.hex() for node in self.nodes])


def seal_pending(organization_id: UUID, *, thorough: bool = False) -> int:
    """Give committed events their positions. `thorough` also looks behind the watermark."""
    sealed = BATCH
    total = 0
    while sealed == BATCH:
        with transaction.atomic():
            sealed = _seal_batch(_locked_head(organization_id), thorough=thorough)
        total += sealed
    return total


def make_checkpoint(organization_id: UUID, *, at: datetime) -> Checkpoint | None:
    """Sign the tree as it stands; None when nothing was sealed since the last one."""
    with transaction.atomic():
        head = _locked_head(organization_id)
        latest = latest_checkpoint(organization_id)
        before = latest.size if latest else 0
        if head.size <= before:
            return None
        root = Frontier.of(head).root().hex()
        document = sign(
            {
                "form": CHECKPOINT_FORM,
                "organization": organization_id,
                "size": head.size,
                "root": root,
                "at": at,
                "since": before,
                "digests": _digests_since(organization_id, before),
            }
        )
        return Checkpoint.objects.create(
            organization_id=organization_id,
            size=head.size,
            root=root,
            created_at=at,
            document=canonical(document),
        )


def latest_checkpoint(organization_id: UUID) -> Checkpoint | None:
    checkpoints = Checkpoint.objects.filter(organization_id=organization_id)
    return checkpoints.order_by("-size").first()


def unsealed(organization_id: UUID, *, above: UUID = BEGINNING) -> QuerySet[Event]:
    """Events without a position yet, oldest first."""
    events = Event.objects.filter(organization_id=organization_id, id__gt=above)
    return events.filter(~Exists(Leaf.objects.filter(event_id=OuterRef("id")))).order_by("id")


def pending_organizations(*, since: datetime | None) -> list[UUID]:
    """Whose events wait for sealing; `since` keeps the question cheap."""
    events = Event.objects.filter(~Exists(Leaf.objects.filter(event_id=OuterRef("id"))))
    if since is not None:
        events = events.filter(id__gt=uuid7_floor(since))
    return list(events.order_by().values_list("organization_id", flat=True).distinct())


def checkpoints_due(*, at: datetime, organization_id: UUID | None = None) -> list[UUID]:
    """Organizations (or this one) where 100 sealed events, or a minute, wait for a checkpoint."""
    latest = Checkpoint.objects.filter(organization_id=OuterRef("organization_id")).order_by(
        "-size"
    )
    heads = TreeHead.objects.annotate(
        covered=Coalesce(Subquery(latest.values("size")[:1]), 0),
        covered_at=Subquery(latest.values("created_at")[:1]),
    )
    due = heads.filter(size__gt=F("covered")).filter(
        Q(size__gte=F("covered") + CHECKPOINT_EVENTS)
        | Q(covered_at__isnull=True)
        | Q(covered_at__lte=at - CHECKPOINT_EVERY)
    )
    if organization_id is not None:
        due = due.filter(organization_id=organization_id)
    return list(due.values_list("organization_id", flat=True))


def _locked_head(organization_id: UUID) -> TreeHead:
    TreeHead.objects.bulk_create([TreeHead(organization_id=organization_id)], ignore_conflicts=True)
    return TreeHead.objects.select_for_update(no_key=True).get(pk=organization_id)


def _seal_batch(head: TreeHead, *, thorough: bool) -> int:
    above = BEGINNING if thorough else head.watermark
    waiting = unsealed(head.organization_id, above=above)
    events = list(waiting.values_list("id", "name", "leaf_hash")[:BATCH])
    if not events:
        return 0
    frontier = Frontier.of(head)
    leaves = []
    for event_id, name, digest in events:
        leaves.append(
            Leaf(
                event_id=event_id,
                organization_id=head.organization_id,
                position=frontier.size,
                name=name,
                digest=digest,
            )
        )
        frontier.append(bytes(digest))
    Leaf.objects.bulk_create(leaves, batch_size=1000)
    head.size, head.frontier = frontier.size, frontier.text()
    head.watermark = max(head.watermark, uuid7_floor(instant_of(events[-1][0]) - LATE_COMMIT))
    head.save(update_fields=["size", "frontier", "watermark"])
    return len(events)


def _digests_since(organization_id: UUID, position: int) -> list[str]:
    leaves = Leaf.objects.filter(organization_id=organization_id, position__gte=position)
    digests = leaves.order_by("position").values_list("digest", flat=True)
    return [bytes(digest).hex()[:SHORT_DIGEST] for digest in digests]


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
