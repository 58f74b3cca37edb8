"""Which roles a form offers."""

from portal.people.listing import offered_roles
from tenants.access import Actor
from tenants.permissions import (
    CUSTOMER_ROLES,
    VENDOR_ROLES,
    BuiltInRole,
)


def roles_of(actor: Actor) -> frozenset[BuiltInRole]:
    return VENDOR_ROLES if actor.organization.is_vendor else CUSTOMER_ROLES


def role_choices(actor: Actor) -> list[tuple[str, str]]:
    return [(role.value, str(role.label)) for role in offered_roles(actor, roles_of(actor))]
