"""How a workspace may be entered by somebody whose e-mail address or account is known."""

from collections import Counter
from dataclasses import dataclass

from portal.sso.models import Connection, Domain
from portal.sso.rules import domain_of
from tenants.clock import now
from tenants.models import Organization, Policy
from tenants.scoping import organization_scope, system_scope

_Kind = Connection.Kind
# What people call the two; other connections are called as their admin named them.
_BRANDS = {_Kind.GOOGLE: "Google", _Kind.MICROSOFT: "Microsoft"}


@dataclass(frozen=True)
class Way:
    """One connection, as the door offers it."""

    connection: Connection
    label: str

    @property
    def icon(self) -> str:
        return "key-round" if self.connection.is_saml else "log-in"


@dataclass(frozen=True)
class WaysIn:
    """What the policy of one organization offers at its door."""

    organization: Organization
    single_sign_on: tuple[Way, ...]
    password: bool

    def offers(self, connection: Connection) -> bool:
        return any(way.connection.pk == connection.pk for way in self.single_sign_on)


def ways_into(organization: Organization) -> WaysIn:
    """Inside the organization's scope."""
    policy = Policy.objects.get()
    in_use = Connection.objects.in_use().select_related("organization").order_by("created_at", "id")
    return WaysIn(
        organization=organization,
        single_sign_on=_labelled([one for one in in_use if policy.allows(one.kind)]),
        password=not policy.enforces_sso(at=now()),
    )


def ways_for(email: str) -> WaysIn | None:
    """Those of the organization that has proven the address's domain; none if nobody has.

    Says nothing about whether the person exists; nobody's address is looked up.
    """
    with system_scope("e-mail domain"):
        domain = (
            Domain.unscoped.select_related("organization")
            .filter(
                name=domain_of(email),
                verified_at__isnull=False,
                organization__status=Organization.Status.ACTIVE,
            )
            .first()
        )
    if domain is None:
        return None
    with organization_scope(domain.organization_id):
        return ways_into(domain.organization)


def _labelled(connections: list[Connection]) -> tuple[Way, ...]:
    """Two of one brand would look the same, so they go by their own names."""
    often = Counter(connection.kind for connection in connections)
    return tuple(
        Way(
            connection,
            _BRANDS[_Kind(connection.kind)]
            if connection.kind in _BRANDS and often[connection.kind] == 1
            else connection.name,
        )
        for connection in connections
    )
