"""The console's entries in the navigation."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from portal.console.steps import count_vendor_steps
from portal.grants.across import count_to_check, live_session_of
from portal.grants.across_disputes import count_to_answer
from portal.ui import navigation, notices
from portal.ui.navigation import NavItem
from portal.ui.notices import Notice
from tenants.access import Actor
from tenants.permissions import Permission


def register() -> None:
    for item in ITEMS:
        navigation.register(item)
    notices.register(session_notice)


def session_notice(actor: Actor, at: datetime) -> list[Notice]:
    """On every page of the console while a support session is open: whose data, until when."""
    if not actor.organization.is_vendor or not actor.may(Permission.GRANT_REQUEST):
        return []
    found = live_session_of(actor, at)
    if found is None:
        return []
    grant, session = found
    said = {"organization": grant.organization.name, "grant": grant.reference}
    return [
        Notice(
            tone="warn",
            title=_now("Support session at %(organization)s") % said,
            text=_now("The customer sees each object you open under %(grant)s.") % said,
            url=reverse("staff-grant-show", args=[grant.organization.slug, grant.reference]),
            link=_now("Open or stop it"),
            until=min(session.ends_by, grant.expires_at or session.ends_by),
        )
    ]


def _to_check(actor: Actor) -> int | None:
    return count_to_check(actor) or None


def _to_answer(actor: Actor) -> int | None:
    return count_to_answer(actor) or None


def _by_hand(_actor: Actor) -> int | None:
    return count_vendor_steps() or None


ITEMS = (
    NavItem(
        section="",
        label=_("Overview"),
        url_name="console-home",
        icon="layout-dashboard",
        permission=Permission.CONSOLE_VIEW,
        order=10,
        area="console",
    ),
    NavItem(
        section=_("Support"),
        label=_("Cases"),
        url_name="staff-case-list",
        icon="life-buoy",
        permission=Permission.CASE_VIEW,
        order=20,
        area="console",
    ),
    NavItem(
        section=_("Support"),
        label=_("Diagnostic access"),
        url_name="staff-grant-list",
        icon="scan-eye",
        permission=Permission.GRANT_VIEW,
        order=21,
        badge=_to_check,
        area="console",
    ),
    NavItem(
        section=_("Support"),
        label=_("Disputed reads"),
        url_name="staff-dispute-list",
        icon="message-square-warning",
        permission=Permission.GRANT_ENDORSE,
        order=22,
        badge=_to_answer,
        area="console",
    ),
    NavItem(
        section=_("Support"),
        label=_("Policy for support"),
        url_name="support-policy-show",
        icon="scroll-text",
        permission=Permission.GRANT_REQUEST,
        order=22,
        area="console",
    ),
    NavItem(
        section=_("Support"),
        label=_("Rules of support"),
        url_name="support-rules-change",
        icon="shield-check",
        permission=Permission.POLICY_MANAGE,
        order=23,
        area="console",
    ),
    NavItem(
        section=_("Operations"),
        label=_("Request queue"),
        url_name="envelope-list",
        icon="list-checks",
        permission=Permission.CONSOLE_VIEW,
        order=30,
        area="console",
    ),
    NavItem(
        section=_("Operations"),
        label=_("Steps by hand"),
        url_name="vendor-step-list",
        icon="hand",
        permission=Permission.TICKET_WORK,
        order=30,
        badge=_by_hand,
        area="console",
    ),
    NavItem(
        section=_("Operations"),
        label=_("Report on requests"),
        url_name="envelope-report",
        icon="chart-column",
        permission=Permission.CONSOLE_VIEW,
        order=31,
        area="console",
    ),
    NavItem(
        section=_("Operations"),
        label=_("Report on access"),
        url_name="staff-access-report",
        icon="chart-column",
        permission=Permission.CONSOLE_VIEW,
        order=31,
        area="console",
    ),
    NavItem(
        section=_("Operations"),
        label=_("Organizations"),
        url_name="organization-list",
        icon="building-2",
        permission=Permission.ORGANIZATION_OVERSEE,
        order=31,
        area="console",
    ),
)
