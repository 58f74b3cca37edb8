"""An import from its files to its end. Whatever happens, the files go."""

from datetime import datetime

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Refusal
from portal.catalog import files
from portal.catalog.beginning import Files, open_run, refuse_if_closed, store_all
from portal.catalog.ingest.applying import apply
from portal.catalog.ingest.bench import Bench
from portal.catalog.models import ImportRun, Integration, Upload
from portal.catalog.refusals import ArtifactRefused, ImportStopped, Whereabouts, WrongKind
from portal.catalog.rules import ARTIFACTS, IntegrationKind, RunStatus, Trigger
from portal.queue.names import JobName
from portal.queue.publishing import enqueue
from tenants.access import Actor, action
from tenants.permissions import Permission


@action(Permission.INTEGRATION_MANAGE)
def start_import(integration: Integration, *, actor: Actor, at: datetime, sent: Files) -> ImportRun:
    """Take both files and queue their import. Raises when one is open, paused or being deleted."""
    for kind in ARTIFACTS:
        if kind not in sent:
            said = _("This file is missing; both are needed.")
            raise ArtifactRefused("missing", said, Whereabouts(str(kind.label)))
        files.check(sent[kind], kind)
    integration = Integration.objects.locked(integration.pk)
    _refuse_other_kinds(integration)
    refuse_if_closed(integration)
    size = sum(file.size for file in sent.values())
    run = open_run(integration, actor=actor, at=at, trigger=Trigger.UPLOAD, size=size)
    store_all(run, sent, at)
    record(EventName.IMPORT_STARTED, actor=actor, target=integration, run=str(run.pk))
    enqueue(JobName.CATALOG_IMPORT, organization_id=run.organization_id, run_id=run.pk)
    return run


@action(Permission.INTEGRATION_MANAGE)
def finish_import(
    run: ImportRun, *, actor: Actor, at: datetime, bench: Bench, version: int | None = None
) -> ImportRun:
    """Make the catalogue what was read, all at once.

    `version` is that of the connection it was read through, if it was read at its source.
    """
    integration = Integration.objects.locked(run.integration_id)
    run = ImportRun.objects.locked(run.pk)
    if run.status != RunStatus.RUNNING:
        return run
    refuse_if_stopped(integration, version=version)
    counts = apply(integration, bench)
    if integration.warn(bench.warnings):
        _record_write_rights(integration, actor=actor)
    integration.synced(at=at, resources=counts.resources, fields=counts.fields)
    integration.save(
        update_fields=[
            "status", "last_sync_at", "last_error_code", "last_error_hint",
            "resource_count", "field_count", "warnings",
        ]
    )  # fmt: skip
    run.end(RunStatus.FINISHED, at=at, counts=counts.as_json(), bytes_read=run.bytes_total)
    run.save(update_fields=["status", "finished_at", "lease_until", "counts", "bytes_read"])
    record(
        EventName.IMPORT_FINISHED,
        actor=actor,
        target=integration,
        run=str(run.pk),
        resources=counts.resources,
        fields=counts.fields,
        added=counts.added,
        changed=counts.changed,
        removed=counts.removed,
    )
    return run


def _record_write_rights(integration: Integration, *, actor: Actor) -> None:
    # What kind of right, never on which table: the log outlives the metadata.
    found = [warning["code"] for warning in integration.warnings if warning.get("is_write_right")]
    if found:
        record(
            EventName.INTEGRATION_WRITE_RIGHT_FOUND,
            actor=actor,
            target=integration,
            found=", ".join(found),
        )


@action(Permission.INTEGRATION_MANAGE)
def fail_import(
    run: ImportRun, *, actor: Actor, at: datetime, refusal: ArtifactRefused | ImportStopped
) -> ImportRun:
    """End an import that takes nothing over, with what was wrong and where."""
    integration = Integration.objects.locked(run.integration_id)
    run = ImportRun.objects.locked(run.pk)
    if not run.is_open:
        return run
    stopped = isinstance(refusal, ImportStopped)
    reason = refusal.code if isinstance(refusal, ImportStopped) else refusal.reason
    where = Whereabouts() if isinstance(refusal, ImportStopped) else refusal.where
    run.end(
        RunStatus.STOPPED if stopped else RunStatus.FAILED,
        at=at,
        error_code=reason,
        error_message=refusal.message,
        error_file=where.file,
        error_key=where.key,
        error_line=where.line,
        error_offset=where.offset,
    )
    run.save()
    if not stopped and not integration.is_deleting:
        integration.failed(at=at, code=reason, hint=refusal.message)
        integration.save(
            update_fields=["status", "last_error_at", "last_error_code", "last_error_hint"]
        )
    # Where in the file stays on the run: keys are metadata, and the log outlives them.
    record(EventName.IMPORT_FAILED, actor=actor, target=integration, run=str(run.pk), reason=reason)
    return run


@action(Permission.INTEGRATION_MANAGE)
def discard_upload(upload: Upload, *, actor: Actor, at: datetime) -> Upload:
    """Delete a file and note that it is gone. Doing it twice changes nothing."""
    upload = Upload.objects.locked(upload.pk)
    files.erase(upload.path)
    if upload.deleted_at is not None:
        return upload
    upload.deleted_at = at
    upload.save(update_fields=["deleted_at"])
    record(EventName.UPLOAD_DELETED, actor=actor, target=upload, file=upload.kind)
    return upload


def _refuse_other_kinds(integration: Integration) -> None:
    if integration.kind != IntegrationKind.DBT_ARTIFACTS:
        raise WrongKind(_("Files are uploaded to integrations of dbt artifacts only."))


def refuse_if_stopped(integration: Integration, *, version: int | None = None) -> None:
    """Raises ImportStopped when nothing may be read into the integration right now.

    `version` is that of the connection the run reads through.
    """
    try:
        refuse_if_closed(integration)
    except Refusal as refusal:
        raise ImportStopped(refusal.message) from refusal
    if version is not None and integration.connection_version != version:
        raise ImportStopped(_("The connection was changed while it was read. Run it again."))
