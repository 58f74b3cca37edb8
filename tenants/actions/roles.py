"""Roles: given to a member, made here, changed, and deleted when nobody holds them."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted, Refusal, StaleVersion
from tenants.access import Actor, action
from tenants.actions.guards import (
    GivenRole,
    given_role,
    keep_an_owner,
    lock_organization,
    may_give,
    may_hand_out,
    only_by_owners,
)
from tenants.actions.members import MemberNotActive
from tenants.givers import given_by
from tenants.losses import ownership_ended
from tenants.models import Invitation, ManagedBy, Membership, Role, ServiceAccount
from tenants.permissions import (
    OWNERS_ALONE,
    BuiltInRole,
    Permission,
    offered_permissions,
)
from tenants.rights import known

LONGEST_NAME = 80
LONGEST_DESCRIPTION = 300


class RoleManaged(Refusal):
    code = "role-managed"


class RoleHeld(Refusal):
    code = "role-held"


class RoleGivenByProvider(Refusal):
    code = "role-given-by-provider"


@action(Permission.MEMBER_MANAGE)
def change_role(
    membership: Membership,
    *,
    actor: Actor,
    at: datetime,
    role: str = "",
    custom_role: Role | None = None,
) -> Membership:
    """Give another role: a built-in one, or one made here.

    Raises NotPermitted, LastOwner, MemberNotActive, RoleManaged, StepUpNeeded.
    """
    lock_organization()
    membership = Membership.objects.select_related("organization").get(
        pk=Membership.objects.locked(membership.pk).pk
    )
    given = given_role(role, custom_role, organization=actor.organization)
    if membership.status != Membership.Status.ACTIVE:
        raise MemberNotActive(f"Access of {membership} is blocked. Reinstate them first.")
    _refuse_managed(membership)
    _check_change(membership, given, actor=actor, at=at)
    if _holds(membership, given):
        return membership
    was_owner = membership.role == BuiltInRole.OWNER
    before = membership.custom_role.name if membership.custom_role else membership.role
    membership.role, membership.custom_role = given.role, given.custom
    membership.version += 1
    membership.save(update_fields=["role", "custom_role", "version"])
    if was_owner:
        ownership_ended(membership, actor, at)
    record(
        EventName.MEMBER_ROLE_CHANGED,
        actor=actor,
        target=membership,
        before=before,
        after=given.name,
    )
    return membership


@action(Permission.ROLE_MANAGE, step_up=True)
def create_role(
    *, actor: Actor, name: str, permissions: Iterable[str], description: str = ""
) -> Role:
    """Make a role of what one holds oneself. Raises Invalid, NotPermitted."""
    chosen = _checked(permissions, actor=actor)
    may_hand_out(chosen, actor=actor)
    only_by_owners(chosen, actor=actor)
    role = Role(
        organization_id=actor.organization_id,
        name=_free_name(name),
        description=_checked_description(description),
        permissions=sorted(chosen),
    )
    _save(role, creating=True)
    record(EventName.ROLE_CREATED, actor=actor, target=role, permissions=sorted(chosen))
    return role


@action(Permission.ROLE_MANAGE, step_up=True)
def edit_role(
    role: Role,
    *,
    actor: Actor,
    version: int,
    permissions: Iterable[str] | None = None,
    name: str | None = None,
    description: str | None = None,
) -> Role:
    """Rename a role, or change what it allows everybody who holds it, from the next page on.

    Raises Invalid, NotPermitted, StaleVersion.
    """
    role = Role.objects.locked(role.pk)
    if role.version != version:
        raise StaleVersion("This role changed meanwhile. Look again, then decide.")
    before, kept = role.held(), role.name
    after = before if permissions is None else _checked(permissions, actor=actor)
    _may_edit(role, after, actor=actor)
    role.permissions = sorted(after)
    role.name = _free_name(name, but=role) if name is not None else role.name
    if description is not None:
        role.description = _checked_description(description)
    role.version += 1
    _save(role)
    record(
        EventName.ROLE_CHANGED,
        actor=actor,
        target=role,
        added=", ".join(sorted(after - before)),
        removed=", ".join(sorted(before - after)),
        renamed_from=kept if kept != role.name else "",
    )
    return role


@action(Permission.ROLE_MANAGE, step_up=True)
def delete_role(role: Role, *, actor: Actor) -> None:
    """Delete a role that nobody holds any more. Raises NotPermitted, RoleHeld."""
    lock_organization()
    role = Role.objects.get(pk=Role.objects.select_for_update().get(pk=role.pk).pk)
    _may_edit(role, role.held(), actor=actor)
    _refuse_held(role)
    _let_go(role)
    record(EventName.ROLE_DELETED, actor=actor, target=role, permissions=sorted(role.held()))
    role.delete()


def _may_edit(role: Role, after: frozenset[Permission], *, actor: Actor) -> None:
    """Nobody touches a role that may more than they do, and nobody raises their own by one."""
    before = role.held()
    may_hand_out(before | after, actor=actor)
    only_by_owners(before | after, actor=actor)
    if (after - before) & OWNERS_ALONE and any(given_by(role).values()):
        raise RoleGivenByProvider(
            "An identity provider gives this role. What only owners may do is given by owners:"
            " take the role out of the mappings first."
        )
    own = actor.membership
    if own is not None and own.custom_role_id == role.pk and after - before:
        raise NotPermitted("Nobody raises their own role. Ask another owner or admin.")


def _checked(names: Iterable[str], *, actor: Actor) -> frozenset[Permission]:
    wanted = set(names)
    chosen = known(wanted)
    offered = offered_permissions(is_vendor=actor.organization.is_vendor)
    strange = sorted(wanted - {str(permission) for permission in chosen & offered})
    if strange:
        said = ", ".join(name[:60] for name in strange[:5])
        raise Invalid("Some of this does not hold.", {"permissions": f"Not for this role: {said}."})
    if not chosen:
        raise Invalid("Choose what the role allows.", {"permissions": "Choose at least one."})
    return chosen


def _free_name(name: str, *, but: Role | None = None) -> str:
    """Raises Invalid. A role called like a built-in one would pass for it."""
    text = " ".join(name.split())
    if not 1 <= len(text) <= LONGEST_NAME or not text.isprintable():
        raise Invalid("The role needs a name.", {"name": f"1 to {LONGEST_NAME} characters."})
    taken = {str(role.label).casefold() for role in BuiltInRole} | set(BuiltInRole.values)
    others = Role.objects.exclude(pk=but.pk) if but else Role.objects.all()
    taken |= {each.casefold() for each in others.values_list("name", flat=True)}
    if text.casefold() in taken:
        raise _name_taken()
    return text


def _checked_description(text: str) -> str:
    said = text.strip()
    if len(said) > LONGEST_DESCRIPTION:
        limit = f"At most {LONGEST_DESCRIPTION} characters."
        raise Invalid("The description is too long.", {"description": limit})
    return said


def _name_taken() -> Invalid:
    return Invalid("This name is taken.", {"name": "Another role has this name."})


def _save(role: Role, *, creating: bool = False) -> None:
    fields = None if creating else ["name", "description", "permissions", "version"]
    try:
        with transaction.atomic():
            role.save(force_insert=creating, update_fields=fields)
    except IntegrityError as taken:
        raise _name_taken() from taken


def _refuse_held(role: Role) -> None:
    members = Membership.objects.filter(custom_role=role)
    unused = Invitation.objects.filter(accepted_at=None, cancelled_at=None)
    held = {
        "people": members.exclude(status=Membership.Status.REVOKED).count(),
        "open invitations": unused.filter(custom_role=role).count(),
        "service accounts": ServiceAccount.objects.filter(
            custom_role=role, deleted_at=None
        ).count(),
        **given_by(role),
    }
    if any(held.values()):
        said = ", ".join(f"{what}: {count}" for what, count in held.items() if count)
        raise RoleHeld(f"This role is still held ({said}). Give them another role first.")


def _let_go(role: Role) -> None:
    """Those who are gone keep their built-in role in the record, and not the reference."""
    for model in (Membership, Invitation, ServiceAccount):
        model.objects.filter(custom_role=role).update(custom_role=None)


def _refuse_managed(membership: Membership) -> None:
    """What an identity provider decides would come back at the next sign-in: nobody edits it."""
    if membership.role_managed_by == ManagedBy.PEOPLE:
        return
    decided_by = membership.get_role_managed_by_display().lower()
    raise RoleManaged(
        f"The role of {membership} is decided by {decided_by}. Change it at the identity"
        " provider, or remove the role mapping first."
    )


def _check_change(membership: Membership, given: GivenRole, *, actor: Actor, at: datetime) -> None:
    gained = given.permissions - membership.role_permissions()
    if actor.membership is not None and actor.membership.pk == membership.pk and gained:
        raise NotPermitted("Nobody raises their own role. Ask another owner or admin.")
    may_give(given, actor=actor)
    may_hand_out(membership.role_permissions(), actor=actor)
    if (given.permissions | membership.role_permissions()) & OWNERS_ALONE:
        actor.require_step_up(at=at)
    if given.role != BuiltInRole.OWNER:
        keep_an_owner(membership, at=at)


def _holds(membership: Membership, given: GivenRole) -> bool:
    custom = given.custom.pk if given.custom else None
    return (membership.role, membership.custom_role_id) == (given.role, custom)
