"""Every minute: write down what the clock decided, remind, and look for edited rows."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.grants import rules
from portal.grants.actions.disputing import watch_dispute
from portal.grants.actions.emergency import check_consents
from portal.grants.actions.reminding import remind_of_consent, remind_of_grant
from portal.grants.actions.settling import check_signatures, settle_grants
from portal.grants.models import Dispute, EmergencyConsent, Grant, Reminder
from portal.grants.rules import DisputeStatus, GrantStatus, ReminderKind
from portal.grants.staff import customers_by_id
from portal.queue.sweeping import sweep
from tenants.access import Actor, system_actor
from tenants.scoping import organization_scope, system_scope


@sweep("grants.settle", every=timedelta(minutes=1))
def settle_everywhere(at: datetime) -> None:
    for organization in customers_by_id(_organizations() | _with_a_consent()).values():
        with organization_scope(organization.pk):
            actor = system_actor(organization)
            settle_grants(actor=actor, at=at)
            check_signatures(actor=actor, at=at)
            check_consents(actor=actor, at=at)


@sweep("grants.remind", every=timedelta(minutes=1))
def remind_everywhere(at: datetime) -> None:
    """Remind of what is not answered or ends soon, and watch the clocks of disputes."""
    for organization in customers_by_id(_with_a_clock(at)).values():
        with organization_scope(organization.pk):
            _remind_here(system_actor(organization), at)


def _remind_here(actor: Actor, at: datetime) -> None:
    waiting = Grant.objects.filter(status=GrantStatus.PENDING_CUSTOMER)
    running = Grant.objects.filter(status__in=rules.APPROVED)
    disputed = Dispute.objects.filter(status=DisputeStatus.OPEN)
    allowed = EmergencyConsent.objects.standing(at)
    by = {"actor": actor, "at": at}
    _each(waiting, ReminderKind.UNANSWERED, remind_of_grant, **by)
    _each(running, ReminderKind.ENDING, remind_of_grant, **by)
    _each(disputed, ReminderKind.DISPUTE_100, watch_dispute, **by)
    _each(allowed, ReminderKind.EMERGENCY_ENDING, remind_of_consent, **by)


def _each(rows: Any, last: ReminderKind, remind: Callable[..., None], **by: Any) -> None:
    """All that were not yet reminded of for the last time."""
    told = Reminder.objects.filter(kind=last).values("about_id")
    for row in rows.exclude(pk__in=told).order_by("id"):
        remind(row, **by)


def _organizations() -> set[UUID]:
    with system_scope("sweep of grants"):
        rows = Grant.unscoped.filter(status__in=sorted(rules.OPEN))
        return set(rows.values_list("organization_id", flat=True).distinct())


def _with_a_consent() -> set[UUID]:
    with system_scope("sweep of grants"):
        rows = EmergencyConsent.unscoped.filter(closed_at__isnull=True)
        return set(rows.values_list("organization_id", flat=True).distinct())


def _with_a_clock(at: datetime) -> set[UUID]:
    found = _organizations()
    with system_scope("sweep of grants"):
        disputed = Dispute.unscoped.filter(status=DisputeStatus.OPEN)
        allowed = EmergencyConsent.unscoped.filter(closed_at__isnull=True, expires_at__gt=at)
        for rows in (disputed, allowed):
            found |= set(rows.values_list("organization_id", flat=True).distinct())
    return found
