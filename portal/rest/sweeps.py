"""Background upkeep of the API: kept answers go after a day."""

from datetime import datetime, timedelta

from portal.queue.sweeping import sweep
from portal.rest.models import KEPT, IdempotencyRecord
from tenants.scoping import system_scope

CHUNK = 1000


@sweep("rest.kept_answers", every=timedelta(hours=1))
def forget_kept_answers(at: datetime) -> None:
    """Delete answers older than 24 hours, in chunks that hold no long lock."""
    with system_scope("kept answers of every organization expire"):
        expired = IdempotencyRecord.unscoped.filter(created_at__lt=at - KEPT)
        while chunk := list(expired.values_list("pk", flat=True)[:CHUNK]):
            IdempotencyRecord.unscoped.filter(pk__in=chunk).delete()
