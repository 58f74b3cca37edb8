"""Beginning a run without files of one's own: by hand, by schedule, by an agent's push."""

from datetime import datetime

from django.core.files.base import File
from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from portal.catalog import files
from portal.catalog.beginning import open_run, refuse_if_closed, store_all
from portal.catalog.models import ImportRun, Integration
from portal.catalog.refusals import WrongKind
from portal.catalog.rules import SMALL_PUSH, Trigger, UploadKind
from portal.queue.names import JobName
from portal.queue.publishing import enqueue
from tenants.access import Actor, action
from tenants.permissions import Permission


@action(Permission.INTEGRATION_MANAGE)
def run_integration(integration: Integration, *, actor: Actor, at: datetime) -> ImportRun:
    """Read the source now. Raises when a run is open, or it is paused or being deleted."""
    integration = Integration.objects.locked(integration.pk)
    _refuse_other_kinds(integration)
    return _begin(integration, actor=actor, at=at, trigger=Trigger.MANUAL)


@action(Permission.INTEGRATION_MANAGE)
def start_due(integration: Integration, *, actor: Actor, at: datetime) -> ImportRun | None:
    """Begin the run that the schedule asks for, and set the next due time.

    None when another sweep was first, or a run is open already: its result is as fresh.
    """
    integration = Integration.objects.locked(integration.pk)
    if not Integration.objects.due(at).filter(pk=integration.pk).exists():
        return None
    integration.next_run_at = integration.schedule.next_after(at)
    integration.save(update_fields=["next_run_at"])
    if ImportRun.objects.open().filter(integration=integration).exists():
        return None
    return _begin(integration, actor=actor, at=at, trigger=Trigger.SCHEDULE)


@action(Permission.CATALOG_PUSH)
def start_push(
    integration: Integration, *, actor: Actor, at: datetime, document: "File[bytes]"
) -> ImportRun:
    """Take a document and queue it. A small one is not announced: its caller carries it out."""
    files.check(document, UploadKind.PUSH)
    integration = Integration.objects.locked(integration.pk)
    if not integration.is_pushed:
        raise WrongKind(_("Nothing can be sent to an integration of this kind."))
    refuse_if_closed(integration)
    run = open_run(integration, actor=actor, at=at, trigger=Trigger.PUSH, size=document.size)
    store_all(run, {UploadKind.PUSH: document}, at)
    record(EventName.IMPORT_STARTED, actor=actor, target=integration, run=str(run.pk))
    if document.size > SMALL_PUSH:
        enqueue(JobName.CATALOG_IMPORT, organization_id=run.organization_id, run_id=run.pk)
    return run


def _begin(integration: Integration, *, actor: Actor, at: datetime, trigger: Trigger) -> ImportRun:
    refuse_if_closed(integration)
    run = open_run(integration, actor=actor, at=at, trigger=trigger)
    record(EventName.IMPORT_STARTED, actor=actor, target=integration, run=str(run.pk))
    enqueue(JobName.CATALOG_IMPORT, organization_id=run.organization_id, run_id=run.pk)
    return run


def _refuse_other_kinds(integration: Integration) -> None:
    if not integration.is_read:
        raise WrongKind(_("There is nothing to read: this integration is sent its metadata."))
