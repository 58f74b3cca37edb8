"""How much of a log is sealed and signed."""

from dataclasses import dataclass
from uuid import UUID

from audit.models import Checkpoint, TreeHead
from audit.tree import latest_checkpoint, unsealed

SHOWN = 20
# Counting further tells nobody more; sealing follows within seconds.
COUNTED = 1000


@dataclass(frozen=True)
class LogState:
    """What the card beside the log says."""

    sealed: int
    waiting: int
    latest: Checkpoint | None

    @property
    def is_whole(self) -> bool:
        """Everything is sealed, and the last checkpoint covers it."""
        return not self.waiting and self.latest is not None and self.latest.size == self.sealed


def state_of(organization_id: UUID) -> LogState:
    head = TreeHead.objects.filter(pk=organization_id).first()
    waiting = unsealed(organization_id, above=head.watermark) if head else unsealed(organization_id)
    return LogState(
        sealed=head.size if head else 0,
        waiting=len(waiting.values_list("id")[:COUNTED]),
        latest=latest_checkpoint(organization_id),
    )


def latest_checkpoints(organization_id: UUID) -> list[Checkpoint]:
    checkpoints = Checkpoint.objects.filter(organization_id=organization_id)
    return list(checkpoints.order_by("-size")[:SHOWN])
