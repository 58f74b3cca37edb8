"""People pushed by the identity provider: provisioned, changed, deactivated, let back, deleted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.names import EventName
from audit.recorder import record
from audit.refusals import StaleVersion
from portal.directory.braking import Asked, forget_held
from portal.directory.joining import LONGEST_NAME, join, proven_address
from portal.directory.leaving import Departure, forget, leave
from portal.directory.models import DirectoryAddress, DirectoryUser
from portal.directory.rules import ChangeKind, Outcome, folded
from portal.directory.scim.errors import taken
from portal.directory.scim.reading import WantedUser
from tenants.access import Actor, action
from tenants.actions.guards import lock_organization
from tenants.models import Membership
from tenants.permissions import BuiltInRole, Permission

_FIELDS = [
    "user_name", "user_name_key", "external_id", "display_name", "email", "attributes",
    "is_active", "membership", "returning_at", "changed_at", "version",
]  # fmt: skip
DONE = Departure(Outcome.DONE)


@dataclass(frozen=True)
class Applied:
    """The row as it is now, and what became of a removal."""

    user: DirectoryUser
    departure: Departure = DONE


@action(Permission.MEMBER_MANAGE)
def provision_user(*, actor: Actor, at: datetime, wanted: WantedUser, call_id: UUID) -> Applied:
    """Take a person over: recognised by a proven address, let back, or made. Raises ScimError."""
    user = DirectoryUser(organization=actor.organization, created_at=at, is_active=True)
    _describe(user, wanted, at=at)
    user.email = proven_address(wanted.candidates, actor.organization)
    _check_free(user)
    if wanted.is_active is False:
        _recognise(user)
    else:
        join(user, actor=actor, at=at)
    _save(user, creating=True)
    _keep_addresses(user, wanted)
    record(EventName.DIRECTORY_USER_ADDED, actor=actor, target=user)
    if wanted.is_active is not False:
        return Applied(user)
    departure = leave(user, ChangeKind.DEACTIVATE, Asked(actor, at, call_id))
    _save(user)
    return Applied(user, departure)


@action(Permission.MEMBER_MANAGE)
def change_user(
    user: DirectoryUser,
    *,
    actor: Actor,
    at: datetime,
    wanted: WantedUser,
    call_id: UUID,
    version: int | None = None,
) -> Applied:
    """Describe a person anew; `active` blocks or lets back. Raises ScimError, LastOwner."""
    user = _locked(user, version)
    before = _snapshot(user)
    _describe(user, wanted, at=at)
    if wanted.user_name != before["user_name"] or wanted.addresses != _addresses_of(user):
        _move_address(user, wanted, actor)
    departure = _apply_activity(user, wanted.is_active, Asked(actor, at, call_id))
    if _snapshot(user) == before:
        return Applied(user, departure)
    user.version += 1
    _save(user)
    _rename_member(user)
    record(EventName.DIRECTORY_USER_CHANGED, actor=actor, target=user)
    return Applied(user, departure)


@action(Permission.MEMBER_MANAGE)
def delete_user(
    user: DirectoryUser,
    *,
    actor: Actor,
    at: datetime,
    call_id: UUID,
    version: int | None = None,
) -> Departure:
    """Revoke the person's access and forget the entry, unless the brake holds it."""
    user = _locked(user, version)
    departure = leave(user, ChangeKind.DELETE, Asked(actor, at, call_id))
    if not departure.is_held:
        forget(user, actor=actor)
    return departure


@action(Permission.MEMBER_MANAGE)
def let_back(user: DirectoryUser, *, actor: Actor, at: datetime) -> DirectoryUser:
    """Let somebody in who was made active again while the old access was being taken apart."""
    user = _locked(user, None)
    if user.returning_at is None:
        return user
    if join(user, actor=actor, at=at):
        user.save(update_fields=["membership", "returning_at"])
        record(EventName.DIRECTORY_USER_LET_BACK, actor=actor, target=user)
    return user


@action(Permission.MEMBER_MANAGE)
def note_kept_owner(user: DirectoryUser, *, actor: Actor) -> None:
    """Alert the admins: the identity provider tried to remove the last owner."""
    record(EventName.DIRECTORY_OWNER_KEPT, actor=actor, target=user, outcome="refused")


def _locked(user: DirectoryUser, version: int | None) -> DirectoryUser:
    """The organization first, as every removal does: two orders of locks would deadlock."""
    lock_organization()
    found: DirectoryUser = DirectoryUser.objects.locked(user.pk)
    if version is not None and found.version != version:
        raise StaleVersion("This user has changed since you read it. Read it again.")
    return found


def _snapshot(user: DirectoryUser) -> dict[str, object]:
    names = [name for name in _FIELDS if name not in {"changed_at", "version", "membership"}]
    return {**{name: getattr(user, name) for name in names}, "member": user.membership_id}


def _describe(user: DirectoryUser, wanted: WantedUser, *, at: datetime) -> None:
    user.user_name, user.user_name_key = wanted.user_name, folded(wanted.user_name)
    user.external_id, user.display_name = wanted.external_id, wanted.name
    user.attributes, user.changed_at = wanted.attributes, at


def _move_address(user: DirectoryUser, wanted: WantedUser, actor: Actor) -> None:
    user.email = proven_address(wanted.candidates, actor.organization)
    _check_free(user)
    _keep_addresses(user, wanted)


def _addresses_of(user: DirectoryUser) -> tuple[tuple[str, str], ...]:
    rows = DirectoryAddress.objects.filter(user=user).order_by("id")
    return tuple(rows.values_list("kind", "value_key"))


def _keep_addresses(user: DirectoryUser, wanted: WantedUser) -> None:
    DirectoryAddress.objects.filter(user=user).delete()
    DirectoryAddress.objects.bulk_create(
        DirectoryAddress(user=user, kind=kind, value_key=value) for kind, value in wanted.addresses
    )


def _check_free(user: DirectoryUser) -> None:
    others = DirectoryUser.objects.exclude(pk=user.pk)
    if others.filter(user_name_key=user.user_name_key).exists():
        raise taken(f"A user with the userName “{user.user_name}” is here already.")
    other = others.filter(email=user.email).first()
    if other is not None:
        raise taken(f"{user.email} is the address of “{other.user_name}” already ({other.pk}).")


def _recognise(user: DirectoryUser) -> None:
    found = Membership.objects.filter(email=user.email).order_by("-joined_at", "-id")
    user.membership = found.first()


def _apply_activity(user: DirectoryUser, is_active: bool | None, asked: Asked) -> Departure:  # noqa: FBT001
    if is_active is None:
        return DONE
    if not is_active:
        return leave(user, ChangeKind.DEACTIVATE, asked) if user.is_active else DONE
    if user.is_active:
        forget_held(user, actor=asked.actor, at=asked.at)
    else:
        user.is_active = True
        join(user, actor=asked.actor, at=asked.at)
    return DONE


def _rename_member(user: DirectoryUser) -> None:
    """The member follows, but an owner: whoever stole a directory token would become one."""
    member = user.membership
    if member is None or member.status == Membership.Status.REVOKED:
        return
    name = str(user)[:LONGEST_NAME]
    if member.role == BuiltInRole.OWNER or (member.name, member.email) == (name, user.email):
        return
    try:
        with transaction.atomic():
            Membership.objects.filter(pk=member.pk).update(name=name, email=user.email)
    except IntegrityError as used:
        raise taken(f"{user.email} is the address of another member.") from used


def _save(user: DirectoryUser, *, creating: bool = False) -> None:
    try:
        with transaction.atomic():
            user.save(force_insert=creating, update_fields=None if creating else _FIELDS)
    except IntegrityError as raced:
        raise taken(f"A user “{user.user_name}” was made at the same moment.") from raced
