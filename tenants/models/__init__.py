"""Organizations, their people, and what lets them in."""

from tenants.models.credentials import ApiToken, Entry, Invitation, InvitationTeam
from tenants.models.membership import Membership, Role, Team, TeamMember
from tenants.models.organization import NumberSeries, Organization, Policy

__all__ = [
    "ApiToken",
    "Entry",
    "Invitation",
    "InvitationTeam",
    "Membership",
    "NumberSeries",
    "Organization",
    "Policy",
    "Role",
    "Team",
    "TeamMember",
]
