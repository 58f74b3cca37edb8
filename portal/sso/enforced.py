"""What somebody with a right password is told where single sign-on is the only way in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from portal.sso.enforcing import usable_connections
from portal.sso.entering import entered, proof_of
from portal.sso.models import Connection
from tenants.models import Membership, Organization, Policy
from tenants.resolving import workspaces_of
from tenants.scoping import organization_scope


@dataclass(frozen=True)
class WayIn:
    """A workspace that takes no password, and the connection that leads into it."""

    organization: Organization
    connection: Connection | None


def ways_around_password(
    request: HttpRequest, members: Sequence[Membership], *, at: datetime
) -> list[WayIn] | None:
    """The ways into the person's workspaces, when what they proved opens none; else None."""
    proof = proof_of(request)
    if not (proof.password or proof.passkey) or entered(request):
        return None
    ways = []
    for member in members:
        with organization_scope(member.organization_id):
            policy = Policy.objects.get()
            if not policy.enforces_sso(at=at):
                return None
            usable = usable_connections(policy)
        ways.append(WayIn(member.organization, usable[0] if usable else None))
    return ways


def takes_no_password(user_id: UUID, *, at: datetime) -> list[Organization]:
    """The person's workspaces, when each of them is opened by single sign-on only."""
    found = []
    for member in workspaces_of(user_id, at=at):
        with organization_scope(member.organization_id):
            if not Policy.objects.get().enforces_sso(at=at):
                return []
        found.append(member.organization)
    return found
