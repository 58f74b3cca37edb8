"""A read that the customer does not accept: opened, answered by the vendor's lead, closed."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted
from portal.grants import rules
from portal.grants.actions.cases import CaseFacts, close_case, open_case
from portal.grants.actions.reminding import remind_once
from portal.grants.models import AccessRecord, Dispute
from portal.grants.refusals import AlreadyDisputed, SamePerson
from portal.grants.rules import DisputeStatus, ReminderKind
from portal.grants.staff import is_machine
from tenants.access import Actor, ActorKind, action
from tenants.permissions import Permission


@action(Permission.GRANT_DECIDE)
def open_dispute(read: AccessRecord, *, actor: Actor, at: datetime, reason: str) -> Dispute:
    """Dispute one read. A case tells the vendor's lead, who has 24 hours to answer."""
    _refuse_staff(actor)
    said = _worded(reason, "reason", _("Say what is wrong with this read."))
    grant = read.grant
    if Dispute.objects.filter(record=read, closed_at__isnull=True).exists():
        raise AlreadyDisputed(_("This read is disputed already."))
    # The object's name stays with the customer: the vendor's staff read cases without a grant.
    title = _("Disputed read under %(grant)s") % {"grant": grant.reference}
    case = open_case(CaseFacts(title, description=said), actor=actor, at=at)
    dispute = Dispute(
        record=read,
        grant=grant,
        case=case,
        reason=said,
        opened_by_id=actor.id,
        opened_by_name=actor.name,
        received_at=at,
        due_at=at + rules.ANSWER_DISPUTE_WITHIN,
    )
    _keep(dispute)
    record(EventName.DISPUTE_OPENED, actor=actor, target=dispute, grant=grant.reference)
    return dispute


@action(Permission.GRANT_ENDORSE)
def answer_dispute(dispute: Dispute, *, actor: Actor, at: datetime, answer: str) -> Dispute:
    """Answer as the vendor's lead; never about one's own read."""
    dispute = Dispute.objects.locked(dispute.pk)
    if actor.kind != ActorKind.STAFF or is_machine(actor):
        raise NotPermitted(_("Only a support lead of the vendor answers a dispute, in person."))
    if actor.id == dispute.grant.staff_id:
        raise SamePerson(_("A colleague has to answer this: it is about your own read."))
    dispute.move(DisputeStatus.ANSWERED)
    dispute.answer = _worded(answer, "answer", _("Write what the customer is to know."))
    dispute.met_at = at
    dispute.answered_by_id, dispute.answered_by_name = actor.id, actor.name
    dispute.save(update_fields=["status", "answer", "met_at", "answered_by_id", "answered_by_name"])
    record(EventName.DISPUTE_ANSWERED, actor=actor, target=dispute)
    return dispute


@action(Permission.GRANT_DECIDE)
def close_dispute(dispute: Dispute, *, actor: Actor, at: datetime) -> Dispute:
    """Close it and its case, answered or taken back. The same read can be disputed again."""
    dispute = Dispute.objects.locked(dispute.pk)
    _refuse_staff(actor)
    dispute.move(DisputeStatus.CLOSED)
    dispute.closed_at = at
    dispute.save(update_fields=["status", "closed_at"])
    record(EventName.DISPUTE_CLOSED, actor=actor, target=dispute)
    if dispute.case.is_open:
        close_case(dispute.case, actor=actor, at=at)
    return dispute


@action(Permission.GRANT_VIEW)
def watch_dispute(dispute: Dispute, *, actor: Actor, at: datetime) -> None:
    """Tell at 50, 75 and 90 % of its time, and once when it is late."""
    dispute = Dispute.objects.locked(dispute.pk)
    if not dispute.is_open:
        return
    for level in rules.DISPUTE_LEVELS:
        if at < dispute.received_at + rules.ANSWER_DISPUTE_WITHIN * level / 100:
            return
        if remind_once(dispute.pk, ReminderKind(f"dispute_{level}"), at=at):
            _escalate(dispute, level, actor=actor)


def _escalate(dispute: Dispute, level: int, *, actor: Actor) -> None:
    if level < rules.LATE_LEVEL:
        record(EventName.DISPUTE_ESCALATED, actor=actor, target=dispute, level=level)
        return
    dispute.breached_at = dispute.due_at
    dispute.save(update_fields=["breached_at"])
    record(EventName.DISPUTE_LATE, actor=actor, target=dispute)


def _keep(dispute: Dispute) -> None:
    try:
        with transaction.atomic():
            Dispute.objects.bulk_create([dispute])
    except IntegrityError as error:
        raise AlreadyDisputed(_("This read is disputed already.")) from error


def _worded(text: str, field: str, ask: str) -> str:
    said = text.strip()
    if not said:
        raise Invalid(ask, errors={field: [ask]})
    return said


def _refuse_staff(actor: Actor) -> None:
    if actor.kind == ActorKind.STAFF:
        raise NotPermitted(_("Only the customer disputes what was read."))
