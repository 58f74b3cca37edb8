"""How a workspace may be entered by somebody whose e-mail address or account is known."""

from dataclasses import dataclass

from portal.sso.models import Connection, Domain
from portal.sso.rules import domain_of
from tenants.clock import now
from tenants.models import Organization, Policy
from tenants.scoping import organization_scope, system_scope


@dataclass(frozen=True)
class WaysIn:
    """What the policy of one organization offers at its door."""

    organization: Organization
    connection: Connection | None
    password: bool


def ways_into(organization: Organization) -> WaysIn:
    """Inside the organization's scope."""
    policy = Policy.objects.get()
    return WaysIn(
        organization=organization,
        connection=Connection.objects.in_use().order_by("created_at").first(),
        password=not policy.enforces_sso(at=now()),
    )


def connection_for(email: str) -> Connection | None:
    """The active connection of the organization that has proven the address's domain.

    Says nothing about whether the person exists; nobody's address is looked up.
    """
    with system_scope("e-mail domain"):
        domain = Domain.unscoped.filter(
            name=domain_of(email),
            verified_at__isnull=False,
            organization__status=Organization.Status.ACTIVE,
        ).first()
    if domain is None:
        return None
    with organization_scope(domain.organization_id):
        found: Connection | None = (
            Connection.objects.in_use()
            .select_related("organization")
            .order_by("created_at")
            .first()
        )
        return found
