"""Sealing the logs: events get their places within seconds, checkpoints within a minute."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from audit.partitions import make_partitions
from audit.tree import (
    LATE_COMMIT,
    checkpoints_due,
    make_checkpoint,
    pending_organizations,
    seal_pending,
)
from portal.queue.names import JobName, Lane
from portal.queue.publishing import enqueue
from portal.queue.sweeping import sweep
from portal.queue.tasks import task
from tenants.clock import now
from tenants.scoping import system_scope

USUAL_COMMIT: Final = timedelta(minutes=5)


@task(JobName.LOG_SEAL, queue=Lane.DEFAULT)
def seal_log(*, organization_id: str, thorough: int = 0) -> None:
    """Give the organization's events their places, and sign a checkpoint when one is due."""
    organization, at = UUID(organization_id), now()
    sealed = seal_pending(organization, thorough=bool(thorough))
    if checkpoints_due(at=at, organization_id=organization):
        make_checkpoint(organization, at=at)
    if sealed:
        enqueue(JobName.MAIL_SEND, organization_id=organization)


@sweep("log.seal", every=timedelta(seconds=3))
def seal_new(at: datetime) -> None:
    """A short look back: what commits later is found a minute later."""
    with system_scope("sealing"):
        waiting = {*pending_organizations(since=at - USUAL_COMMIT), *checkpoints_due(at=at)}
    _wake(waiting)


@sweep("log.seal_late", every=timedelta(minutes=1))
def seal_late(at: datetime) -> None:
    with system_scope("sealing"):
        waiting = pending_organizations(since=at - LATE_COMMIT)
    _wake(waiting)


@sweep("log.seal_thoroughly", every=timedelta(hours=1))
def seal_thoroughly(_at: datetime) -> None:
    """Find events whose transaction stayed open for longer than an hour."""
    with system_scope("sealing"):
        waiting = pending_organizations(since=None)
    _wake(waiting, thorough=1)


@sweep("log.partitions", every=timedelta(days=1))
def make_coming_months(at: datetime) -> None:
    make_partitions(at=at)


def _wake(organizations: Iterable[UUID], **more: int) -> None:
    for organization_id in organizations:
        enqueue(JobName.LOG_SEAL, organization_id=organization_id, **more)
