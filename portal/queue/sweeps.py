"""The queue's own sweeps: a sign of life from the workers, and tidying."""

from datetime import datetime, timedelta

from portal.queue.models import Heartbeat, SweepRun
from portal.queue.sweeping import sweep


@sweep("worker.pulse", every=timedelta(seconds=15))
def pulse_worker(at: datetime) -> None:
    """Proves the whole way: beat published, the broker carried, a worker ran."""
    Heartbeat.pulse("worker", at=at)


@sweep("sweep.tidy", every=timedelta(hours=1))
def forget_old_runs(at: datetime) -> None:
    SweepRun.objects.filter(started_at__lt=at - timedelta(days=1)).delete()
