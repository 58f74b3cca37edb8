"""Letters about disputed reads, and reminders of diagnostic access."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from audit.models import Event
from audit.names import EventName
from portal.grants.models import Dispute, Grant
from portal.grants.rules import GrantStatus
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from tenants.permissions import Permission


def _dispute(now: Situation) -> Dispute | None:
    rows = Dispute.objects.select_related("case", "grant")
    return rows.filter(pk=to.subject_of(now.event)).first()


def _letter(now: Situation, dispute: Dispute, *, subject: str, text: Sequence[str]) -> Letter:
    """Staff have no way into the workspace; they have the console."""
    page = "staff-dispute-show" if now.recipient.is_staff else "dispute-show"
    facts = [
        (_("Dispute"), dispute.case.reference),
        (_("Access"), dispute.grant.reference),
        (_("Who read"), dispute.grant.staff_name),
        (_("Answer until"), utc(dispute.due_at)),
    ]
    return Letter(
        subject=f"{dispute.case.reference}: {subject}",
        text=text,
        facts=facts,
        link=address_of(page, now.slug, dispute.case.reference),
        link_label=_("Open the dispute"),
    )


def _write_opened(now: Situation) -> Letter | None:
    dispute = _dispute(now)
    if dispute is None or not dispute.is_open:
        return None
    return _letter(
        now,
        dispute,
        subject=_("%(name)s disputes a read") % {"name": now.organization.name},
        text=[_("Look at it and answer within 24 hours. The customer reads your answer.")],
    )


def _write_urgent(now: Situation) -> Letter | None:
    dispute = _dispute(now)
    if dispute is None or not dispute.is_open:
        return None
    is_late = now.event.name == EventName.DISPUTE_LATE
    said = _("The 24 hours have passed.") if is_late else _("The time to answer runs out.")
    subject = _("late: not answered") if is_late else _("still not answered")
    return _letter(now, dispute, subject=subject, text=[said])


def _write_answered(now: Situation) -> Letter | None:
    dispute = _dispute(now)
    if dispute is None or dispute.closed_at:
        return None
    return _letter(
        now,
        dispute,
        subject=_("the vendor answered your dispute"),
        text=[
            _("%(who)s answered. Read it, and close the dispute if you accept it.")
            % {"who": dispute.answered_by_name}
        ],
    )


def _write_reminder(now: Situation) -> Letter | None:
    grant = Grant.objects.filter(pk=to.subject_of(now.event)).first()
    if grant is None or grant.state(now.at) != GrantStatus.PENDING_CUSTOMER:
        return None
    return Letter(
        subject=_("%(grant)s: support still waits for your answer") % {"grant": grant.reference},
        text=[
            _("%(who)s asked to look into your workspace. Nothing is open before you approve.")
            % {"who": grant.staff_name},
            _("Unanswered, it ends by itself at %(at)s.") % {"at": utc(grant.answer_by)},
        ],
        link=address_of("grant-show", now.slug, grant.reference),
        link_label=_("Open the request"),
    )


def _write_ending(now: Situation) -> Letter | None:
    grant = Grant.objects.filter(pk=to.subject_of(now.event)).first()
    if grant is None or grant.closed_at:
        return None
    page = "staff-grant-show" if now.recipient.is_staff else "grant-show"
    return Letter(
        subject=_("%(grant)s: diagnostic access ends soon") % {"grant": grant.reference},
        text=[
            _("The access of %(who)s ends at %(at)s.")
            % {"who": grant.staff_name, "at": utc(grant.expires_at)},
            _("It is never prolonged: more time takes a new request, and a new yes."),
        ],
        link=address_of(page, now.slug, grant.reference),
        link_label=_("Open its page"),
    )


def _reader(event: Event, _at: datetime) -> Sequence[str]:
    grant = Grant.objects.filter(pk=to.subject_of(event)).first()
    return [f"staff:{grant.staff_id}"] if grant else []


_leads = to.vendor_holders(Permission.GRANT_ENDORSE)
_deciders = to.holders(Permission.GRANT_DECIDE)
OCCASIONS = (
    Occasion(
        letter="dispute-opened",
        names=frozenset({EventName.DISPUTE_OPENED}),
        choose=_leads,
        write=_write_opened,
    ),
    Occasion(
        letter="dispute-urgent",
        names=frozenset({EventName.DISPUTE_ESCALATED, EventName.DISPUTE_LATE}),
        choose=_leads,
        write=_write_urgent,
    ),
    Occasion(
        letter="dispute-answered",
        names=frozenset({EventName.DISPUTE_ANSWERED}),
        choose=_deciders,
        write=_write_answered,
    ),
    Occasion(
        letter="access-reminder",
        names=frozenset({EventName.GRANT_REMINDED}),
        choose=_deciders,
        write=_write_reminder,
    ),
    Occasion(
        letter="access-ending",
        names=frozenset({EventName.GRANT_ENDING}),
        choose=to.both(_reader, _deciders),
        write=_write_ending,
    ),
)
