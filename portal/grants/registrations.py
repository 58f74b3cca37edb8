"""What diagnostic access adds to the shared registries: navigation, waiting, search, sweeps."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.grants.models import Dispute, Grant
from portal.grants.rules import DisputeStatus, Verdict
from portal.grants.searching import search_cases
from portal.ui import navigation, notices, searching, waiting
from portal.ui.navigation import NavItem
from portal.ui.notices import Notice
from portal.ui.waiting import WaitingItem
from tenants.access import Actor
from tenants.clock import now
from tenants.permissions import Permission


def register() -> None:
    navigation.register(
        NavItem(
            section=gettext_lazy("Support"),
            label=gettext_lazy("Cases"),
            url_name="case-list",
            icon="life-buoy",
            permission=Permission.CASE_VIEW,
            order=70,
        )
    )
    navigation.register(
        NavItem(
            section=gettext_lazy("Support"),
            label=gettext_lazy("Diagnostic access"),
            url_name="grant-list",
            icon="scan-eye",
            permission=Permission.GRANT_VIEW,
            order=71,
            badge=_waiting_count,
        )
    )
    waiting.register(grants_waiting)
    waiting.register(disputes_waiting)
    waiting.register(emergencies_waiting)
    notices.register(emergency_notice)
    searching.register(
        searching.Provider(
            label=gettext_lazy("Cases and diagnostic access"),
            icon="life-buoy",
            order=50,
            search=search_cases,
        )
    )


def grants_waiting(actor: Actor, at: datetime) -> list[WaitingItem]:
    """Requests this person may answer."""
    if not actor.may(Permission.GRANT_DECIDE):
        return []
    rows = Grant.objects.visible_to(actor).waiting_for_customer(at).without_yes_of(actor)
    return [_waiting(grant, actor) for grant in rows.select_related("case").order_by("id")[:50]]


def disputes_waiting(actor: Actor, _at: datetime) -> list[WaitingItem]:
    """Answers of the vendor to disputes, to be read and closed."""
    if not actor.may(Permission.GRANT_DECIDE):
        return []
    rows = Dispute.objects.visible_to(actor).filter(status=DisputeStatus.ANSWERED)
    return [
        WaitingItem(
            title=_("The vendor answered a dispute"),
            url=reverse("dispute-show", args=[actor.organization.slug, row.case.reference]),
            icon="message-square-warning",
            since=row.met_at or row.received_at,
            detail=row.case.title,
            reference=row.case.reference,
        )
        for row in rows.select_related("case").order_by("id")[:50]
    ]


def emergencies_waiting(actor: Actor, at: datetime) -> list[WaitingItem]:
    """Access that was opened as an emergency, as long as it is open."""
    return [
        WaitingItem(
            title=_("%(name)s has emergency access") % {"name": grant.staff_name},
            url=reverse("grant-show", args=[actor.organization.slug, grant.reference]),
            icon="siren",
            since=grant.approved_at or grant.requested_at,
            detail=_("Look at what is read, and end it if it should not be."),
            reference=grant.reference,
        )
        for grant in _opened_as_emergency(actor, at)
    ]


def emergency_notice(actor: Actor, at: datetime) -> list[Notice]:
    """On every page of whoever can end it."""
    return [
        Notice(
            tone="danger",
            title=_("Emergency access is open"),
            text=_("%(name)s of the vendor may read under %(grant)s.")
            % {"name": grant.staff_name, "grant": grant.reference},
            url=reverse("grant-show", args=[actor.organization.slug, grant.reference]),
            link=_("Watch or end it"),
            until=grant.expires_at,
        )
        for grant in _opened_as_emergency(actor, at)
    ]


def _opened_as_emergency(actor: Actor, at: datetime) -> list[Grant]:
    if not actor.may(Permission.GRANT_DECIDE):
        return []
    rows = Grant.objects.visible_to(actor).active(at)
    rows = rows.filter(decisions__verdict=Verdict.EMERGENCY)
    return list(rows.distinct().order_by("id")[:10])


def _waiting(grant: Grant, actor: Actor) -> WaitingItem:
    return WaitingItem(
        title=_("%(name)s asks for diagnostic access") % {"name": grant.staff_name},
        url=reverse("grant-show", args=[actor.organization.slug, grant.reference]),
        icon="scan-eye",
        since=grant.endorsed_at or grant.requested_at,
        detail=grant.case.title,
        reference=grant.reference,
        due_at=grant.answer_by,
    )


def _waiting_count(actor: Actor) -> int | None:
    if not actor.may(Permission.GRANT_DECIDE):
        return None
    rows = Grant.objects.visible_to(actor).waiting_for_customer(now()).without_yes_of(actor)
    waiting_now: int = rows.count()
    return waiting_now
