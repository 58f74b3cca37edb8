"""Wakes a worker after the commit. Losing a message loses nothing: rows are the truth."""

import os
import time
from functools import cache, partial
from uuid import UUID

import structlog
from django.db import transaction
from kombu import Connection
from kombu.pools import ProducerPool

from portal.celery import app
from portal.queue.names import JobName

# A person waits for the answer to the request that publishes.
PATIENCE = 0.5
REST = 30.0
_LOG = structlog.get_logger("gatehouse.queue")


class Breaker:
    """Stops asking a broker that failed, for a while, in this process."""

    def __init__(self, rest: float = REST) -> None:
        self._rest = rest
        self._closed_again = 0.0

    def is_open(self) -> bool:
        return time.monotonic() < self._closed_again

    def trip(self) -> None:
        self._closed_again = time.monotonic() + self._rest

    def reset(self) -> None:
        self._closed_again = 0.0


breaker = Breaker()


def enqueue(job: JobName, **ids: UUID | str | int) -> None:
    """Send the job when the transaction commits, or at once outside of one. Never raises."""
    plain = {name: str(value) if isinstance(value, UUID) else value for name, value in ids.items()}
    transaction.on_commit(partial(publish, job, plain), robust=True)


def publish(job: JobName, ids: dict[str, str | int]) -> bool:
    """Send now, within half a second. False means that the next sweep has to find the row."""
    if breaker.is_open():
        return False
    try:
        _send(job, ids)
    except Exception as error:  # noqa: BLE001  (whatever a broker does, the request goes on)
        breaker.trip()
        _producers.cache_clear()
        _LOG.warning("job.not_published", job=job.value, error=type(error).__qualname__)
        return False
    return True


def quick_connection() -> Connection:
    """A connection for callers that cannot wait: short time-outs, no retries."""
    return app.connection_for_write(
        connect_timeout=PATIENCE,
        transport_options={
            "socket_timeout": PATIENCE,
            "socket_connect_timeout": PATIENCE,
            "retry_on_timeout": False,
            "max_retries": 0,
            "connect_timeout": PATIENCE,
            "read_timeout": PATIENCE,
            "write_timeout": PATIENCE,
        },
    )


def _send(job: JobName, ids: dict[str, str | int]) -> None:
    prepare()
    with _producers(os.getpid()).acquire(block=True, timeout=PATIENCE) as producer:
        app.send_task(job.value, kwargs=ids, producer=producer, retry=False)


@cache
def prepare() -> None:
    """What takes time once: the jobs' definitions, which name their queues, and the transport."""
    app.loader.import_default_modules()
    quick_connection().get_transport_cls()


@cache
def _producers(_process: int) -> ProducerPool:
    """One pool for each process: a connection must not be shared over a fork."""
    return ProducerPool(quick_connection().Pool(limit=4), limit=4)
