"""What somebody with a right password is told where single sign-on is the only way in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from portal.sso.entering import entered, proof_of
from portal.sso.ways_in import WaysIn, ways_into
from tenants.models import Membership, Organization, Policy
from tenants.resolving import workspaces_of
from tenants.scoping import organization_scope


def ways_around_password(
    request: HttpRequest, members: Sequence[Membership], *, at: datetime
) -> list[WaysIn] | None:
    """The ways into the person's workspaces, when what they proved opens none; else None."""
    proof = proof_of(request)
    if not (proof.password or proof.passkey) or entered(request):
        return None
    found = []
    for member in members:
        with organization_scope(member.organization_id):
            if not Policy.objects.get().enforces_sso(at=at):
                return None
            found.append(ways_into(member.organization))
    return found


def takes_no_password(user_id: UUID, *, at: datetime) -> list[Organization]:
    """The person's workspaces, when each of them is opened by single sign-on only."""
    found = []
    for member in workspaces_of(user_id, at=at):
        with organization_scope(member.organization_id):
            if not Policy.objects.get().enforces_sso(at=at):
                return []
        found.append(member.organization)
    return found
