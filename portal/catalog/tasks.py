"""Background work of the catalogue: importing, and clearing away what must not stay."""

from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from audit.refusals import Refusal
from portal.catalog.actions import start_due
from portal.catalog.actions.imports import discard_upload
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import ImportRun, Integration, Upload, due, overdue, unattended
from portal.catalog.orphans import erase_orphans
from portal.queue.names import JobName, Lane
from portal.queue.publishing import enqueue
from portal.queue.sweeping import sweep
from portal.queue.tasks import task
from tenants.access import system_actor
from tenants.models import Organization
from tenants.scoping import organization_scope, system_scope


@task(JobName.CATALOG_IMPORT, queue=Lane.BULK)
def import_artifacts(*, organization_id: str, run_id: str) -> None:  # noqa: ARG001
    """`organization_id` has opened the scope already."""
    carry_out(UUID(run_id))


@sweep("catalog.imports", every=timedelta(seconds=10))
def announce_unattended(at: datetime) -> None:
    """Wake a worker for runs whose message was lost or whose worker died."""
    with system_scope("imports nobody works on"):
        rows = ImportRun.unscoped.filter(unattended(at))
        found = list(rows.values_list("organization_id", "pk"))
    for organization_id, run_id in found:
        enqueue(JobName.CATALOG_IMPORT, organization_id=organization_id, run_id=run_id)


@sweep("catalog.schedule", every=timedelta(seconds=20))
def begin_due(at: datetime) -> None:
    """Begin the runs whose time has come; however many were missed, it is one."""
    with system_scope("integrations that are due"):
        found = list(Integration.unscoped.filter(due(at)).values_list("organization_id", "pk"))
    for organization_id, integration_id in found:
        with organization_scope(organization_id), suppress(Refusal):
            actor = system_actor(Organization.objects.current())
            start_due(Integration.objects.get(pk=integration_id), actor=actor, at=at)


@sweep("catalog.uploads", every=timedelta(minutes=1))
def erase_overdue(at: datetime) -> None:
    """Delete files that are past their time, whose import has ended, or that no row knows."""
    with system_scope("uploaded files that are overdue"):
        rows = Upload.unscoped.filter(overdue(at))
        found = list(rows.values_list("organization_id", "pk"))
    for organization_id, upload_id in found:
        with organization_scope(organization_id):
            actor = system_actor(Organization.objects.current())
            discard_upload(Upload.objects.get(pk=upload_id), actor=actor, at=at)
    erase_orphans(at=at)
