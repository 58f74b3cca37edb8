"""What every job has in common, and the one job of the queue itself: running a sweep."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import structlog
from celery import Task

from audit.refusals import Refusal
from portal.celery import app
from portal.queue import sweeping
from portal.queue.names import JobName, Lane
from tenants.clock import now
from tenants.scoping import organization_scope

_LOG = structlog.get_logger("gatehouse.queue")

LANES: dict[str, Lane] = {}


def lane_of(name: str, *_message: object, **_options: object) -> dict[str, str] | None:
    """Celery asks this for each message; the job's own definition has named its queue."""
    return {"queue": LANES[name].value} if name in LANES else None


app.conf.task_routes = (lane_of,)


class OrganizationTask(Task[..., Any]):
    """Opens the scope of the keyword `organization_id` (which the job receives too).

    A Refusal ends the job without a retry: whoever must know reads it on the row.
    """

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        organization_id = str(kwargs.get("organization_id") or "")
        with ExitStack() as stack:
            stack.enter_context(
                structlog.contextvars.bound_contextvars(
                    job=self.name, request_id=self.request.id or "", organization=organization_id
                )
            )
            if organization_id:
                stack.enter_context(organization_scope(UUID(organization_id)))
            try:
                return super().__call__(*args, **kwargs)
            except Refusal as refusal:
                _LOG.warning("job.refused", code=refusal.code)
        return None


def task(
    job: JobName, *, queue: Lane | str = Lane.DEFAULT
) -> Callable[[Callable[..., None]], Task[..., Any]]:
    """Register a function as the job: keyword ids only, safe to run twice."""

    def register(function: Callable[..., None]) -> Task[..., Any]:
        LANES[job.value] = Lane(queue)
        made: Task[..., Any] = app.task(name=job.value, base=OrganizationTask)(function)
        return made

    return register


@task(JobName.SWEEP_RUN, queue=Lane.DEFAULT)
def run_sweep(*, name: str) -> None:
    sweeping.run_in_slot(name, at=now())
