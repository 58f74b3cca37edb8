"""Permissions by what they are about, with a word on each: for whoever puts a role together."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.permissions import PERMISSION_LABELS, Permission

P = Permission


@dataclass(frozen=True, slots=True)
class Area:
    label: str | Promise
    note: str | Promise
    permissions: tuple[Permission, ...]

    def within(self, offered: Collection[Permission]) -> list[Permission]:
        return [permission for permission in self.permissions if permission in offered]


AREAS = (
    Area(
        _("Data"),
        _("The catalogue and where it comes from. Without the whole catalogue, teams decide."),
        (
            P.CATALOG_VIEW,
            P.CATALOG_VIEW_ALL,
            P.CATALOG_PUSH,
            P.INTEGRATION_VIEW,
            P.INTEGRATION_MANAGE,
        ),
    ),
    Area(
        _("People, teams and roles"),
        _("Who is in the workspace, and what they may do. Nobody gives more than they hold."),
        (
            P.MEMBER_VIEW,
            P.MEMBER_INVITE,
            P.MEMBER_MANAGE,
            P.TEAM_VIEW,
            P.TEAM_MANAGE,
            P.ROLE_VIEW,
            P.ROLE_MANAGE,
            P.ACCESS_VIEW,
        ),
    ),
    Area(
        _("Requests"),
        _("Revoking access and deleting metadata: both are carried out within 24 hours."),
        (P.TICKET_VIEW, P.REVOCATION_FILE, P.DELETION_FILE, P.TICKET_WORK),
    ),
    Area(
        _("Support and diagnostic access"),
        _("What the vendor's staff may look at, and for how long."),
        (
            P.CASE_VIEW,
            P.CASE_OPEN,
            P.GRANT_VIEW,
            P.GRANT_DECIDE,
            P.GRANT_REQUEST,
            P.GRANT_ENDORSE,
        ),
    ),
    Area(
        _("Sign-in"),
        _("Single sign-on, the directory, and the rules everybody signs in by."),
        (P.SSO_VIEW, P.SSO_MANAGE, P.POLICY_VIEW, P.POLICY_MANAGE),
    ),
    Area(
        _("Tokens and machines"),
        _("What programs use. A token never does more than the person who answers for it."),
        (P.TOKEN_ISSUE, P.TOKEN_MANAGE, P.SERVICE_ACCOUNT_MANAGE),
    ),
    Area(
        _("Audit log"),
        _("Everything that was done here, by whom and when."),
        (P.AUDIT_VIEW, P.AUDIT_EXPORT),
    ),
    Area(
        _("Organization"),
        _("The workspace itself. Only an owner puts this into a role or gives it."),
        (P.ORGANIZATION_MANAGE, P.DELETION_CLOSE_ORGANIZATION),
    ),
    Area(
        _("Vendor console"),
        _("For the vendor's own staff."),
        (P.CONSOLE_VIEW, P.ORGANIZATION_OVERSEE, P.ORGANIZATION_CREATE),
    ),
)


def choices_by_area(offered: Collection[Permission]) -> list[tuple[str, list[tuple[str, str]]]]:
    """For a field: each area that has something to offer, with what it offers."""
    return [
        (str(area.label), [(p.value, str(PERMISSION_LABELS[p])) for p in area.within(offered)])
        for area in AREAS
        if area.within(offered)
    ]
