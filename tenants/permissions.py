"""Who may do what, on one page: permissions, the built-in roles, and what each role holds."""

from collections.abc import Mapping
from enum import StrEnum

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """`noun:verb`, alphabetical. A new one is named after the thing it touches, then the verb."""

    ACCESS_VIEW = "access:view"
    AUDIT_EXPORT = "audit:export"
    AUDIT_VIEW = "audit:view"
    CASE_OPEN = "case:open"
    CASE_VIEW = "case:view"
    CATALOG_PUSH = "catalog:push"
    CATALOG_VIEW = "catalog:view"
    CATALOG_VIEW_ALL = "catalog:view_all"
    CONSOLE_VIEW = "console:view"
    DELETION_CLOSE_ORGANIZATION = "deletion:close_organization"
    DELETION_FILE = "deletion:file"
    GRANT_DECIDE = "grant:decide"
    GRANT_ENDORSE = "grant:endorse"
    GRANT_REQUEST = "grant:request"
    GRANT_VIEW = "grant:view"
    INTEGRATION_MANAGE = "integration:manage"
    INTEGRATION_VIEW = "integration:view"
    MEMBER_INVITE = "member:invite"
    MEMBER_MANAGE = "member:manage"
    MEMBER_VIEW = "member:view"
    ORGANIZATION_CREATE = "organization:create"
    ORGANIZATION_MANAGE = "organization:manage"
    ORGANIZATION_OVERSEE = "organization:oversee"
    POLICY_MANAGE = "policy:manage"
    POLICY_VIEW = "policy:view"
    REVOCATION_FILE = "revocation:file"
    ROLE_MANAGE = "role:manage"
    ROLE_VIEW = "role:view"
    SERVICE_ACCOUNT_MANAGE = "service_account:manage"
    SSO_MANAGE = "sso:manage"
    SSO_VIEW = "sso:view"
    TEAM_MANAGE = "team:manage"
    TEAM_VIEW = "team:view"
    TICKET_VIEW = "ticket:view"
    TICKET_WORK = "ticket:work"
    TOKEN_ISSUE = "token:issue"
    TOKEN_MANAGE = "token:manage"


class BuiltInRole(TextChoices):
    """The roles every organization has; the second group exists only in the vendor's."""

    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    SECURITY_OFFICER = "security_officer", _("Security officer")
    EDITOR = "editor", _("Editor")
    VIEWER = "viewer", _("Viewer")
    AUDITOR = "auditor", _("Auditor")
    SUPPORT_ENGINEER = "support_engineer", _("Support engineer")
    SUPPORT_LEAD = "support_lead", _("Support lead")
    OPERATOR = "operator", _("Operator")
    VENDOR_AUDITOR = "vendor_auditor", _("Vendor auditor")


P = Permission
VENDOR_ROLES = frozenset(
    {
        BuiltInRole.SUPPORT_ENGINEER,
        BuiltInRole.SUPPORT_LEAD,
        BuiltInRole.OPERATOR,
        BuiltInRole.VENDOR_AUDITOR,
    }
)
CUSTOMER_ROLES = frozenset(set(BuiltInRole) - VENDOR_ROLES)

_VIEWER = frozenset({P.CATALOG_VIEW, P.TEAM_VIEW, P.TOKEN_ISSUE})
_EDITOR = _VIEWER | {P.INTEGRATION_VIEW, P.MEMBER_VIEW, P.CASE_VIEW}
_AUDITOR = frozenset(
    {
        P.ACCESS_VIEW,
        P.AUDIT_EXPORT,
        P.AUDIT_VIEW,
        P.CASE_VIEW,
        P.GRANT_VIEW,
        P.INTEGRATION_VIEW,
        P.MEMBER_VIEW,
        P.POLICY_VIEW,
        P.ROLE_VIEW,
        P.SSO_VIEW,
        P.TEAM_VIEW,
        P.TICKET_VIEW,
    }
)
_SECURITY_OFFICER = _AUDITOR | {
    P.CASE_OPEN,
    P.CATALOG_VIEW,
    P.CATALOG_VIEW_ALL,
    P.DELETION_FILE,
    P.GRANT_DECIDE,
    P.REVOCATION_FILE,
    P.TICKET_WORK,
    P.TOKEN_ISSUE,
    P.TOKEN_MANAGE,
}
_ADMIN = _SECURITY_OFFICER | {
    P.CATALOG_PUSH,
    P.INTEGRATION_MANAGE,
    P.MEMBER_INVITE,
    P.MEMBER_MANAGE,
    P.POLICY_MANAGE,
    P.ROLE_MANAGE,
    P.SERVICE_ACCOUNT_MANAGE,
    P.SSO_MANAGE,
    P.TEAM_MANAGE,
}
_OWNER = _ADMIN | {P.DELETION_CLOSE_ORGANIZATION, P.ORGANIZATION_MANAGE}
_STAFF = frozenset({P.CONSOLE_VIEW, P.MEMBER_VIEW, P.TOKEN_ISSUE})
_SUPPORT_ENGINEER = _STAFF | {P.CASE_OPEN, P.CASE_VIEW, P.GRANT_REQUEST, P.GRANT_VIEW}

ROLE_PERMISSIONS: Mapping[str, frozenset[Permission]] = {
    BuiltInRole.OWNER: _OWNER,
    BuiltInRole.ADMIN: _ADMIN,
    BuiltInRole.SECURITY_OFFICER: _SECURITY_OFFICER,
    BuiltInRole.EDITOR: _EDITOR,
    BuiltInRole.VIEWER: _VIEWER,
    BuiltInRole.AUDITOR: _AUDITOR,
    BuiltInRole.SUPPORT_ENGINEER: _SUPPORT_ENGINEER,
    BuiltInRole.SUPPORT_LEAD: _SUPPORT_ENGINEER | {P.GRANT_ENDORSE, P.AUDIT_VIEW},
    BuiltInRole.OPERATOR: _STAFF
    | {
        P.AUDIT_VIEW,
        P.MEMBER_INVITE,
        P.MEMBER_MANAGE,
        P.ORGANIZATION_CREATE,
        P.ORGANIZATION_OVERSEE,
        P.POLICY_MANAGE,
        P.POLICY_VIEW,
        P.REVOCATION_FILE,
        P.TICKET_VIEW,
        P.TICKET_WORK,
        P.TOKEN_MANAGE,
    },
    BuiltInRole.VENDOR_AUDITOR: _STAFF
    | {P.AUDIT_EXPORT, P.AUDIT_VIEW, P.CASE_VIEW, P.GRANT_VIEW, P.ORGANIZATION_OVERSEE},
}

# What no role below the owner's holds; a role made here has it only from an owner's hand.
OWNERS_ALONE: frozenset[Permission] = _OWNER - _ADMIN


def offered_permissions(*, is_vendor: bool) -> frozenset[Permission]:
    """What a role made in this kind of organization may hold: what its built-in roles do."""
    roles = VENDOR_ROLES if is_vendor else CUSTOMER_ROLES
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))


def team_permissions(*, is_vendor: bool) -> frozenset[Permission]:
    """What a team may bring: what a role may hold, without what is the owners' alone."""
    return offered_permissions(is_vendor=is_vendor) - OWNERS_ALONE


# What a machine decides in a person's place, only with a token that an owner gave for it alone:
# in its scopes, bound to addresses, and for 30 days at most. Such a token needs no step-up.
DECIDING: frozenset[Permission] = frozenset({P.DELETION_FILE, P.GRANT_DECIDE})

# What only looks: all that a token may do in a workspace that is being closed.
READING: frozenset[Permission] = frozenset(
    p for p in P if p.value.split(":")[1] in {"export", "view", "view_all"}
)

# The system works as a row of the same table: background work holds exactly these.
SYSTEM_PERMISSIONS: frozenset[Permission] = frozenset(
    {
        P.ACCESS_VIEW,
        P.CATALOG_VIEW_ALL,
        P.DELETION_FILE,
        P.INTEGRATION_MANAGE,
        P.MEMBER_INVITE,
        P.MEMBER_MANAGE,
        P.MEMBER_VIEW,
        P.ORGANIZATION_CREATE,
        P.POLICY_MANAGE,
        P.REVOCATION_FILE,
        P.SERVICE_ACCOUNT_MANAGE,
        P.SSO_MANAGE,
        P.TEAM_MANAGE,
        P.TICKET_WORK,
        P.TOKEN_MANAGE,
        P.GRANT_VIEW,
    }
)

# Whoever has the server's shell: the same, and to look at what the commands list and change.
COMMAND_LINE_PERMISSIONS: frozenset[Permission] = SYSTEM_PERMISSIONS | {
    P.INTEGRATION_VIEW,
    P.POLICY_VIEW,
    P.ROLE_MANAGE,
    P.ROLE_VIEW,
    P.TEAM_VIEW,
    P.TICKET_VIEW,
}

PERMISSION_LABELS: Mapping[Permission, Promise] = {
    P.ACCESS_VIEW: _("See who can see what, and why"),
    P.AUDIT_EXPORT: _("Download the audit log"),
    P.AUDIT_VIEW: _("Read the audit log"),
    P.CASE_OPEN: _("Open support cases"),
    P.CASE_VIEW: _("See support cases"),
    P.CATALOG_PUSH: _("Send metadata to integrations"),
    P.CATALOG_VIEW: _("See the catalogue of one's teams"),
    P.CATALOG_VIEW_ALL: _("See the whole catalogue"),
    P.CONSOLE_VIEW: _("Use the vendor console"),
    P.DELETION_CLOSE_ORGANIZATION: _("Close the organization"),
    P.DELETION_FILE: _("Ask for metadata to be deleted"),
    P.GRANT_DECIDE: _("Approve, deny and revoke diagnostic access"),
    P.GRANT_ENDORSE: _("Check access requests before the customer sees them"),
    P.GRANT_REQUEST: _("Ask for diagnostic access"),
    P.GRANT_VIEW: _("See diagnostic access"),
    P.INTEGRATION_MANAGE: _("Connect, change and pause integrations"),
    P.INTEGRATION_VIEW: _("See integrations"),
    P.MEMBER_INVITE: _("Invite people"),
    P.MEMBER_MANAGE: _("Change people's roles and teams"),
    P.MEMBER_VIEW: _("See members"),
    P.ORGANIZATION_CREATE: _("Create organizations"),
    P.ORGANIZATION_MANAGE: _("Change the organization and its owners"),
    P.ORGANIZATION_OVERSEE: _("See the list of organizations"),
    P.POLICY_MANAGE: _("Change sign-in and access policies"),
    P.POLICY_VIEW: _("See sign-in and access policies"),
    P.REVOCATION_FILE: _("Revoke a person's access"),
    P.ROLE_MANAGE: _("Make and change roles"),
    P.ROLE_VIEW: _("See roles"),
    P.SERVICE_ACCOUNT_MANAGE: _("Make and change service accounts"),
    P.SSO_MANAGE: _("Set up single sign-on"),
    P.SSO_VIEW: _("See single sign-on"),
    P.TEAM_MANAGE: _("Make and change teams"),
    P.TEAM_VIEW: _("See teams"),
    P.TICKET_VIEW: _("See requests"),
    P.TICKET_WORK: _("Work on requests"),
    P.TOKEN_ISSUE: _("Have API tokens of one's own"),
    P.TOKEN_MANAGE: _("See and revoke everybody's API tokens"),
}
