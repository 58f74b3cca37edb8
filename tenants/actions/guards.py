"""The invariants that hold in every path: owners, roles, and who may hand out what."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.refusals import Invalid, NotFound, NotPermitted, Refusal
from tenants.access import Actor, ActorKind
from tenants.models import Membership, Organization, Role, Team
from tenants.permissions import (
    CUSTOMER_ROLES,
    OWNERS_ALONE,
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
    if not others.filter(access_ends_at__isnull=True, blocked_from__isnull=True).exists():
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


@dataclass(frozen=True, slots=True)
class GivenRole:
    """A built-in role, or one made here on top of the least of the built-in ones."""

    role: BuiltInRole
    custom: Role | None
    permissions: frozenset[Permission]

    @property
    def name(self) -> str:
        """As the log says it."""
        return self.custom.name if self.custom else self.role.value


def given_role(role: str, custom_role: Role | None, *, organization: Organization) -> GivenRole:
    """The role that is being given, held so that nobody deletes it meanwhile. Raises Invalid."""
    if custom_role is None:
        chosen = known_role(role, organization)
        return GivenRole(chosen, None, permissions_of(chosen))
    held = Role.objects.select_for_update(no_key=True).filter(pk=custom_role.pk).first()
    if held is None:
        raise Invalid("This role is gone.", {"role": "Choose one of the roles offered."})
    return GivenRole(least_role(organization), held, held.held())


def named_role(name: str) -> dict[str, Any]:
    """A role by the name forms and the API use: a built-in one, or `custom:` and an id.

    The two arguments that actions take for it. Raises Invalid; a role of another organization
    is as unknown as any other.
    """
    kind, colon, key = name.partition(":")
    if not colon:
        return {"role": name}
    try:
        found = Role.objects.filter(pk=UUID(key)).first() if kind == "custom" else None
    except ValueError:
        found = None
    if found is None:
        raise Invalid("Choose a role of this workspace.", {"role": "This role is not known."})
    return {"custom_role": found}


def mapped_role(name: str, *, actor: Actor) -> GivenRole:
    """The role an identity provider is to give from now on, never an owner's rights.

    Raises Invalid, and NotPermitted for more than the actor holds.
    """
    named = {"role": "", "custom_role": None} | named_role(name)
    given = given_role(named["role"], named["custom_role"], organization=actor.organization)
    if given.permissions & OWNERS_ALONE:
        raise Invalid("No identity provider makes an owner.", {"role": "Choose another role."})
    may_hand_out(given.permissions, actor=actor)
    return given


def least_role(organization: Organization) -> BuiltInRole:
    """What stands beneath a role made here: it counts for nothing while that one is held."""
    return BuiltInRole.SUPPORT_ENGINEER if organization.is_vendor else BuiltInRole.VIEWER


def may_give(given: GivenRole, *, actor: Actor) -> None:
    """Raises NotPermitted for more than one's own, and for what only an owner gives."""
    may_hand_out(given.permissions, actor=actor)
    only_by_owners(given.permissions, actor=actor)


def only_by_owners(permissions: frozenset[Permission], *, actor: Actor) -> None:
    """Raises NotPermitted if somebody else than an owner deals with an owner's own rights."""
    if actor.kind is ActorKind.SYSTEM or not permissions & OWNERS_ALONE:
        return
    member = actor.membership
    if member is None or member.role != BuiltInRole.OWNER:
        raise NotPermitted("What only owners may do is given and taken by owners. Ask one.")


def hold_those_left(teams: Iterable[UUID]) -> list[Team]:
    """Those of the teams that are there still, held as `hold_teams` holds them."""
    left = Team.objects.filter(pk__in=list(teams)).order_by("pk")
    return list(left.select_for_update(no_key=True, of=("self",)))


def hold_teams(teams: Iterable[Team]) -> dict[UUID, Team]:
    """The teams as they are now, held until the end, so that nobody deletes one meanwhile.

    Always in one order, so that two who hold several do not wait for each other. Raises NotFound.
    """
    held = {}
    for pk in sorted({team.pk for team in teams}):
        try:
            held[pk] = Team.objects.locked(pk)
        except Team.DoesNotExist as gone:
            raise NotFound("This team is gone.") from gone
    return held
