"""What every way of beginning a run shares: it is allowed, alone, and its files are kept."""

from collections.abc import Mapping
from datetime import datetime

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.identifiers import new_id
from portal.catalog import files
from portal.catalog.models import ImportRun, Integration, Upload
from portal.catalog.refusals import ImportInProgress, IntegrationDeleting, IntegrationPaused
from portal.catalog.rules import UPLOAD_LIFETIME, Trigger, UploadKind
from portal.tickets.freezing import refuse_if_frozen
from tenants.access import Actor

Files = Mapping[UploadKind, "File[bytes]"]


def refuse_if_closed(integration: Integration) -> None:
    """Raises when nothing may be read into the integration right now."""
    if integration.is_deleting:
        raise IntegrationDeleting(
            _("This integration is being deleted; nothing can be changed in it any more.")
        )
    if integration.is_paused:
        raise IntegrationPaused(_("This integration is paused. Resume it first."))
    refuse_if_frozen(integration.pk)


def open_run(
    integration: Integration, *, actor: Actor, at: datetime, trigger: Trigger, size: int = 0
) -> ImportRun:
    """The one open run of an integration. Raises ImportInProgress when there is one already."""
    try:
        with transaction.atomic():
            run: ImportRun = ImportRun.objects.create(
                integration=integration,
                started_by=actor.membership,
                trigger=trigger,
                queued_at=at,
                bytes_total=size,
            )
    except IntegrityError as error:
        raise ImportInProgress(
            _("A run of this integration is under way. Wait until it has ended.")
        ) from error
    return run


def store_all(run: ImportRun, sent: Files, at: datetime) -> None:
    """Write the files, or none of them: what a failed transaction leaves is removed at once."""
    paths: list[str] = []
    try:
        for kind, file in sent.items():
            upload_id = new_id()
            path = files.path_of(run.organization_id, run.integration_id, upload_id)
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
