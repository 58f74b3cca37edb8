"""What may be done with the log, each leaving its own event in it."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from audit import signing
from audit.identifiers import uuid7_floor
from audit.models import Checkpoint, Event
from audit.names import EventName
from audit.recorder import Target, record
from audit.refusals import NotFound, Refusal, TooMany
from audit.tree import latest_checkpoint, make_checkpoint, seal_pending
from audit.verify import Report, verify
from portal.evidence.filters import LogFilter, events_for
from portal.evidence.period import Period, requests_in
from tenants.access import Actor, action
from tenants.permissions import Permission

LARGEST_EXPORT: Final = 50_000
CHECK_PAUSE: Final = timedelta(seconds=30)


class ExportTooLarge(Refusal):
    code = "export-too-large"


@action(Permission.AUDIT_EXPORT)
def export_log(*, actor: Actor, wanted: LogFilter, form: str) -> list[Event]:
    """The filtered events, newest first, before this export's own. Raises ExportTooLarge."""
    rows = list(events_for(actor, wanted).order_by("-id")[: LARGEST_EXPORT + 1])
    if len(rows) > LARGEST_EXPORT:
        raise ExportTooLarge(
            _("These are more than %(most)d events. Choose a shorter period.")
            % {"most": LARGEST_EXPORT}
        )
    record(EventName.LOG_EXPORTED, actor=actor, target=_LOG, rows=len(rows), form=form)
    return rows


@action(Permission.AUDIT_EXPORT)
def download_checkpoint(*, actor: Actor, at: datetime, size: int | None = None) -> Checkpoint:
    """The checkpoint over `size` events, or a new one over everything that is committed."""
    organization_id = actor.organization_id
    if size is None:
        seal_pending(organization_id)
        make_checkpoint(organization_id, at=at)
        checkpoint = latest_checkpoint(organization_id)
    else:
        checkpoint = Checkpoint.objects.filter(organization_id=organization_id, size=size).first()
    if checkpoint is None:
        raise NotFound(_("There is no such checkpoint."))
    record(EventName.CHECKPOINT_DOWNLOADED, actor=actor, target=_LOG, size=checkpoint.size)
    return checkpoint


@action(Permission.AUDIT_VIEW)
def verify_log(*, actor: Actor, at: datetime) -> Report:
    """Check the whole log of the organization against the portal's own keys. Raises TooMany."""
    _refuse_repetition(actor, at)
    seal_pending(actor.organization_id)
    make_checkpoint(actor.organization_id, at=at)
    report = verify(actor.organization_id, keys=signing.own_keys())
    record(
        EventName.LOG_VERIFIED,
        actor=actor,
        target=_LOG,
        events=report.size,
        findings=len(report.findings),
    )
    return report


@action(Permission.AUDIT_EXPORT)
def export_evidence(*, actor: Actor, period: Period) -> int:
    """Note that the evidence of a period goes out, before it does; returns how much it is.

    Raises NotPermitted for whoever may not see requests.
    """
    actor.require(Permission.TICKET_VIEW)
    requests = requests_in(period, actor).count()
    record(
        EventName.EVIDENCE_EXPORTED,
        actor=actor,
        target=Target(kind="evidence", id=None),
        since=period.since.date().isoformat(),
        until=(period.until - timedelta(days=1)).date().isoformat(),
        requests=requests,
        seed=hashlib.sha256(period.seed.encode()).hexdigest()[:16],
    )
    return requests


def _refuse_repetition(actor: Actor, at: datetime) -> None:
    """The check reads everything, so it is not for every click."""
    since = uuid7_floor(at - CHECK_PAUSE)
    checks = Event.objects.visible_to(actor).filter(name=EventName.LOG_VERIFIED, id__gte=since)
    if checks.exists():
        raise TooMany(_("The log was checked a moment ago. Try again in half a minute."))


_LOG: Final = Target(kind="log", id=None)
