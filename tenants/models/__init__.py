"""Organizations, their people, and what lets them in."""

from tenants.models.credentials import ApiToken, Entry, Invitation, InvitationTeam
from tenants.models.membership import (
    DefaultTeam,
    ManagedBy,
    Membership,
    Role,
    Team,
    TeamMember,
)
from tenants.models.organization import NumberSeries, Organization, Policy
from tenants.models.service_accounts import ServiceAccount, ServiceAccountPlace

__all__ = [
    "ApiToken",
    "DefaultTeam",
    "Entry",
    "Invitation",
    "InvitationTeam",
    "ManagedBy",
    "Membership",
    "NumberSeries",
    "Organization",
    "Policy",
    "Role",
    "ServiceAccount",
    "ServiceAccountPlace",
    "Team",
    "TeamMember",
]
