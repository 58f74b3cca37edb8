"""The invariants that hold in every path: owners, roles, and who may hand out what."""

from datetime import datetime

from audit.refusals import Invalid, NotPermitted, Refusal
from tenants.access import Actor, ActorKind
from tenants.models import Membership, Organization
from tenants.permissions import (
    CUSTOMER_ROLES,
    ROLE_PERMISSIONS,
    VENDOR_ROLES,
    BuiltInRole,
    Permission,
)
from tenants.scoping import current_organization_id


class LastOwner(Refusal):
    code = "last-owner"


def lock_organization() -> Organization:
    """Lock the organization's row: every path that may remove an owner queues up here."""
    return Organization.objects.locked(current_organization_id())


def keep_an_owner(leaving: Membership, *, at: datetime) -> None:
    """Raises LastOwner if nobody but `leaving` could still sign in as owner from `at` on.

    Somebody whose access has an end does not count: the end comes by itself.
    """
    if leaving.role != BuiltInRole.OWNER or leaving.organization.is_vendor:
        return
    if not leaving.is_active(at=at):
        return
    others = Membership.objects.owners(at=at).exclude(pk=leaving.pk)
    if not others.filter(access_ends_at__isnull=True).exists():
        ending = " whose access has no end" if others.exists() else ""
        raise LastOwner(
            f"{leaving} is the last owner of {leaving.organization.name}{ending}."
            " Make somebody else owner first."
        )


def known_role(role: str, organization: Organization) -> BuiltInRole:
    """The built-in role called `role` in this kind of organization. Raises Invalid."""
    allowed = VENDOR_ROLES if organization.is_vendor else CUSTOMER_ROLES
    if role not in {r.value for r in allowed}:
        names = ", ".join(sorted(r.value for r in allowed))
        raise Invalid("Choose a role of this workspace.", {"role": f"One of: {names}."})
    return BuiltInRole(role)


def may_hand_out(permissions: frozenset[Permission], *, actor: Actor) -> None:
    """Raises NotPermitted if the actor would give what they do not hold."""
    if actor.kind is ActorKind.SYSTEM or permissions <= actor.permissions:
        return
    raise NotPermitted("You cannot give a role that may do more than yours. Ask an owner.")


def permissions_of(role: BuiltInRole) -> frozenset[Permission]:
    return ROLE_PERMISSIONS[role]
