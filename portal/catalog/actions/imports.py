"""An import from its files to its end. Whatever happens, the files go."""

from collections.abc import Mapping
from datetime import datetime

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.identifiers import new_id
from audit.names import EventName
from audit.recorder import record
from audit.refusals import Refusal
from portal.catalog import files
from portal.catalog.actions.integrations import refuse_if_deleting
from portal.catalog.ingest.applying import apply
from portal.catalog.ingest.bench import Bench
from portal.catalog.models import ImportRun, Integration, Upload
from portal.catalog.refusals import (
    ArtifactRefused,
    ImportInProgress,
    ImportStopped,
    IntegrationPaused,
    Whereabouts,
)
from portal.catalog.rules import UPLOAD_LIFETIME, RunStatus, UploadKind
from portal.queue.names import JobName
from portal.queue.publishing import enqueue
from portal.tickets.freezing import refuse_if_frozen
from tenants.access import Actor, action
from tenants.permissions import Permission

Files = Mapping[UploadKind, "File[bytes]"]


@action(Permission.INTEGRATION_MANAGE)
def start_import(integration: Integration, *, actor: Actor, at: datetime, sent: Files) -> ImportRun:
    """Take both files and queue their import. Raises when one is open, paused or being deleted."""
    for kind in UploadKind:
        if kind not in sent:
            said = _("This file is missing; both are needed.")
            raise ArtifactRefused("missing", said, Whereabouts(str(kind.label)))
        files.check(sent[kind], kind)
    integration = Integration.objects.locked(integration.pk)
    _refuse_if_closed(integration)
    run = _new_run(integration, actor=actor, at=at, size=sum(file.size for file in sent.values()))
    _store_all(run, sent, at)
    record(EventName.IMPORT_STARTED, actor=actor, target=integration, run=str(run.pk))
    enqueue(JobName.CATALOG_IMPORT, organization_id=run.organization_id, run_id=run.pk)
    return run


@action(Permission.INTEGRATION_MANAGE)
def finish_import(run: ImportRun, *, actor: Actor, at: datetime, bench: Bench) -> ImportRun:
    """Make the catalogue what the files say, all at once."""
    integration = Integration.objects.locked(run.integration_id)
    run = ImportRun.objects.locked(run.pk)
    if run.status != RunStatus.RUNNING:
        return run
    refuse_if_stopped(integration)
    counts = apply(integration, bench)
    integration.synced(at=at, resources=counts.resources, fields=counts.fields)
    integration.save(
        update_fields=[
            "status", "last_sync_at", "last_error_code", "last_error_hint",
            "resource_count", "field_count",
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


def refuse_if_stopped(integration: Integration) -> None:
    """Raises ImportStopped when nothing may be read into the integration right now."""
    try:
        _refuse_if_closed(integration)
    except Refusal as refusal:
        raise ImportStopped(refusal.message) from refusal


def _refuse_if_closed(integration: Integration) -> None:
    refuse_if_deleting(integration)
    if integration.is_paused:
        raise IntegrationPaused(_("This integration is paused. Resume it, then import."))
    refuse_if_frozen(integration.pk)


def _new_run(integration: Integration, *, actor: Actor, at: datetime, size: int) -> ImportRun:
    try:
        with transaction.atomic():
            run: ImportRun = ImportRun.objects.create(
                integration=integration,
                started_by=actor.membership,
                queued_at=at,
                bytes_total=size,
            )
    except IntegrityError as error:
        raise ImportInProgress(
            _("An import of this integration is under way. Wait until it has ended.")
        ) from error
    return run


def _store_all(run: ImportRun, sent: Files, at: datetime) -> None:
    """Write the files, or none of them: what a failed transaction leaves is removed at once."""
    paths: list[str] = []
    try:
        for kind, file in sent.items():
            upload_id = new_id()
            path = files.path_of(run.organization_id, upload_id)
            paths.append(path)
            Upload.objects.create(
                id=upload_id,
                integration_id=run.integration_id,
                run=run,
                kind=kind,
                path=path,
                size=file.size,
                digest=files.store(file, path),
                uploaded_at=at,
                expires_at=at + UPLOAD_LIFETIME,
            )
    except BaseException:
        for path in paths:
            files.erase(path)
        raise
