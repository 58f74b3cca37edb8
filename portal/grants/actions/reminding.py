"""Reminders of diagnostic access: not answered yet, ends soon. Each exactly once."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.names import EventName
from audit.recorder import record
from portal.grants import rules
from portal.grants.models import EmergencyConsent, Grant, Reminder
from portal.grants.rules import GrantStatus, ReminderKind
from tenants.access import Actor, action
from tenants.permissions import Permission


@action(Permission.GRANT_VIEW)
def remind_of_grant(grant: Grant, *, actor: Actor, at: datetime) -> None:
    """Remind the approvers a day before a request lapses, and all when access ends soon."""
    grant = Grant.objects.locked(grant.pk)
    kind = due_reminder(grant, at)
    if kind is None or not remind_once(grant.pk, kind, at=at):
        return
    if kind == ReminderKind.UNANSWERED:
        record(EventName.GRANT_REMINDED, actor=actor, target=grant)
    elif grant.expires_at is not None:
        record(EventName.GRANT_ENDING, actor=actor, target=grant, until=_text(grant.expires_at))


@action(Permission.GRANT_VIEW)
def remind_of_consent(consent: EmergencyConsent, *, actor: Actor, at: datetime) -> None:
    """Announce that an emergency consent ends, as access does."""
    consent = EmergencyConsent.objects.locked(consent.pk)
    soon = rules.ending_soon(consent.given_at, consent.expires_at)
    if not consent.stands(at) or at < soon:
        return
    if remind_once(consent.pk, ReminderKind.EMERGENCY_ENDING, at=at):
        until = _text(consent.expires_at)
        record(EventName.EMERGENCY_ACCESS_ENDING, actor=actor, target=consent, until=until)


def due_reminder(grant: Grant, at: datetime) -> ReminderKind | None:
    """What there is to remind of at this instant, whether or not it was done already."""
    state = grant.state(at)
    if state == GrantStatus.PENDING_CUSTOMER and grant.endorsed_at is not None:
        return ReminderKind.UNANSWERED if at >= grant.endorsed_at + rules.REMIND_AFTER else None
    if state != GrantStatus.ACTIVE or grant.starts_at is None or grant.expires_at is None:
        return None
    soon = rules.ending_soon(grant.starts_at, grant.expires_at)
    return ReminderKind.ENDING if at >= soon else None


def remind_once(about: UUID, kind: ReminderKind, *, at: datetime) -> bool:
    """True for the one caller who writes this reminder down."""
    if Reminder.objects.filter(about_id=about, kind=kind).exists():
        return False
    try:
        with transaction.atomic():
            Reminder.objects.create(about_id=about, kind=kind, at=at)
    except IntegrityError:
        return False
    return True


def _text(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
