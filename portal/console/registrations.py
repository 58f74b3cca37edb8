"""The console's entries in the navigation."""

from django.utils.translation import gettext_lazy as _

from portal.grants.across import count_to_check
from portal.grants.across_disputes import count_to_answer
from portal.ui import navigation
from portal.ui.navigation import NavItem
from tenants.access import Actor
from tenants.permissions import Permission


def register() -> None:
    for item in ITEMS:
        navigation.register(item)


def _to_check(actor: Actor) -> int | None:
    return count_to_check(actor) or None


def _to_answer(actor: Actor) -> int | None:
    return count_to_answer(actor) or None


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
        label=_("Report on requests"),
        url_name="envelope-report",
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
