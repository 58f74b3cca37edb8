"""Carries an import out: takes its row, reads its files, and always brings it to an end."""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import IO
from uuid import UUID

from django.db.models import F, Q
from django.utils.translation import gettext as _

from audit.refusals import Refusal
from portal.catalog import files
from portal.catalog.actions.imports import (
    discard_upload,
    fail_import,
    finish_import,
    refuse_if_stopped,
)
from portal.catalog.ingest.bench import Bench
from portal.catalog.ingest.sources import read_into
from portal.catalog.models import ImportRun, Integration, Upload, leased
from portal.catalog.refusals import ArtifactRefused, ImportStopped, Whereabouts
from portal.catalog.rules import LEASE, OPEN_RUNS, RunStatus
from tenants.access import Actor, system_actor
from tenants.clock import now
from tenants.models import Organization

BEAT_SECONDS = 1.0


class TakenOver(Exception):
    """Another worker has this import now; this one leaves without a trace."""


def carry_out(run_id: UUID) -> None:
    """Import what the run's files hold. Safe to call any number of times, from any worker."""
    at = now()
    actor = system_actor(Organization.objects.current())
    run = claim(run_id, at=at)
    if run is None:
        return
    if run.is_worn_out:
        said = _("Reading this ended the worker several times. Check its size, or ask us.")
        fail_import(run, actor=actor, at=at, refusal=ArtifactRefused("worn-out", said))
    else:
        with suppress(TakenOver):
            _import(run, actor)
    discard_files(run.pk, actor=actor)


def claim(run_id: UUID, *, at: datetime) -> ImportRun | None:
    """Take the run unless somebody works on it; a conditional update, so that one wins."""
    free = ImportRun.objects.filter(pk=run_id, status__in=OPEN_RUNS).filter(
        Q(lease_until__isnull=True) | ~leased(at)
    )
    taken = free.update(
        status=RunStatus.RUNNING,
        started_at=at,
        lease_until=at + LEASE,
        attempts=F("attempts") + 1,
        bytes_read=0,
    )
    return ImportRun.objects.get(pk=run_id) if taken else None


def discard_files(run_id: UUID, *, actor: Actor) -> None:
    """Delete the files of a run that has ended."""
    for upload in Upload.objects.filter(run=run_id).kept().exclude(run__status__in=OPEN_RUNS):
        discard_upload(upload, actor=actor, at=now())


def _import(run: ImportRun, actor: Actor) -> None:
    integration = Integration.objects.select_related("organization").get(pk=run.integration_id)
    # Read with what the connection was when the run began; a change of it stops the run.
    version = integration.connection_version
    try:
        refuse_if_stopped(integration)
        with ExitStack() as stack:
            bench = stack.enter_context(Bench())
            streams = {
                upload.kind: stack.enter_context(_open(upload))
                for upload in Upload.objects.filter(run=run).kept()
            }
            read_into(bench, integration, streams, beat=heartbeat(run, bench, version=version))
            finish_import(run, actor=actor, at=now(), bench=bench, version=version)
    except (ArtifactRefused, ImportStopped) as refusal:
        why = _stopped(run, version) or refusal
        fail_import(run, actor=actor, at=now(), refusal=why)
    except Refusal as refusal:
        fail_import(run, actor=actor, at=now(), refusal=ImportStopped(refusal.message))


def _stopped(run: ImportRun, version: int) -> ImportStopped | None:
    """Whether somebody stopped it meanwhile: then what the source said last is no failure of it."""
    try:
        refuse_if_stopped(Integration.objects.get(pk=run.integration_id), version=version)
    except ImportStopped as stopped:
        return stopped
    return None


def _open(upload: Upload) -> IO[bytes]:
    try:
        return files.opened(upload.path)
    except FileNotFoundError as error:
        said = _("The uploaded files were deleted before they could be read. Upload them again.")
        raise ArtifactRefused("files-gone", said, Whereabouts(upload.get_kind_display())) from error


def heartbeat(run: ImportRun, bench: Bench, *, version: int) -> Callable[[int], None]:
    """Called for each entry: about once a second keeps the lease, notes how far it is, may stop."""
    last = time.monotonic()
    furthest = 0

    def beat(done: int) -> None:
        nonlocal last, furthest
        furthest = max(furthest, done)
        if time.monotonic() - last < BEAT_SECONDS:
            return
        last = time.monotonic()
        kept = ImportRun.objects.filter(
            pk=run.pk, status=RunStatus.RUNNING, attempts=run.attempts
        ).update(
            lease_until=now() + LEASE,
            bytes_read=furthest,
            bytes_total=bench.expected or run.bytes_total,
        )
        if not kept:
            raise TakenOver
        refuse_if_stopped(Integration.objects.get(pk=run.integration_id), version=version)

    return beat
