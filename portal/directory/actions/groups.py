"""Groups pushed by the identity provider, their members, and what being in one means here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted, StaleVersion
from portal.directory.braking import Asked, hold_leaving, is_privileged
from portal.directory.mapping import leads_unseen
from portal.directory.models import DirectoryGroup, DirectoryPlace, DirectoryUser
from portal.directory.moving import change_members, settle_group
from portal.directory.rules import ROLES_BY_WEIGHT, Outcome, folded
from portal.directory.scim.errors import taken
from portal.directory.scim.members import MemberChange
from portal.directory.scim.reading import WantedGroup
from tenants.access import Actor, action
from tenants.actions.guards import GivenRole, lock_organization, mapped_role, may_hand_out
from tenants.models import Membership, Team
from tenants.permissions import Permission

_FIELDS = [
    "display_name", "display_name_key", "external_id", "attributes", "changed_at", "version",
]  # fmt: skip


@dataclass(frozen=True)
class GroupApplied:
    group: DirectoryGroup
    outcome: Outcome = Outcome.DONE


@action(Permission.TEAM_MANAGE)
def create_group(
    *, actor: Actor, at: datetime, wanted: WantedGroup, members: set[UUID]
) -> DirectoryGroup:
    """Take a group over; it means nothing here until an admin maps it. Raises ScimError."""
    group = DirectoryGroup(organization=actor.organization, created_at=at)
    _describe(group, wanted, at=at)
    _save(group, creating=True)
    record(EventName.DIRECTORY_GROUP_ADDED, actor=actor, target=group, people=len(members))
    change_members(group, MemberChange(added=members), actor)
    return group


@action(Permission.TEAM_MANAGE)
def change_group(
    group: DirectoryGroup,
    *,
    actor: Actor,
    at: datetime,
    call_id: UUID,
    change: MemberChange,
    wanted: WantedGroup | None = None,
    version: int | None = None,
) -> GroupApplied:
    """Rename a group, and change who is in it; emptying a privileged one is held."""
    group = _locked(group, version)
    before = {name: getattr(group, name) for name in _FIELDS if name != "changed_at"}
    if wanted is not None:
        _describe(group, wanted, at=at)
    is_renamed = any(getattr(group, name) != value for name, value in before.items())
    outcome, is_moved = Outcome.DONE, False
    if change and _hold_emptying(group, change, Asked(actor, at, call_id)):
        outcome = Outcome.HELD
    elif change:
        is_moved = change_members(group, change, actor)
    if is_renamed or is_moved:
        group.version, group.changed_at = group.version + 1, at
        _save(group)
    if is_renamed:
        record(EventName.DIRECTORY_GROUP_CHANGED, actor=actor, target=group)
    return GroupApplied(group, outcome)


@action(Permission.TEAM_MANAGE)
def delete_group(
    group: DirectoryGroup,
    *,
    actor: Actor,
    at: datetime,
    call_id: UUID,
    version: int | None = None,
) -> Outcome:
    """Forget a group; what it gave goes with it. A privileged one with people in it is held."""
    group = _locked(group, version)
    everybody = MemberChange(is_cleared=True)
    if _hold_emptying(group, everybody, Asked(actor, at, call_id)):
        return Outcome.HELD
    change_members(group, everybody, actor)
    record(EventName.DIRECTORY_GROUP_DELETED, actor=actor, target=group)
    group.delete()
    return Outcome.DONE


@action(Permission.SSO_MANAGE, step_up=True)
def map_group(
    group: DirectoryGroup, *, actor: Actor, role: str, team: Team | None, version: int
) -> DirectoryGroup:
    """Decide which role and team being in the group gives; nobody gives what they lack.

    Raises NotPermitted, Invalid, StaleVersion.
    """
    group = _locked(group, None)
    if group.version != version:
        raise StaleVersion("The group changed meanwhile. Look again, then decide.")
    if leads_unseen(group, actor):
        raise NotPermitted("What this group gives is changed by those who manage teams.")
    given = _given(role, actor)
    _check_team(team, actor)
    group.custom_role = given.custom if given else None
    group.role = given.role.value if given and given.custom is None else ""
    group.team = team
    group.version += 1
    group.save(update_fields=["role", "custom_role", "team", "version"])
    record(
        EventName.DIRECTORY_GROUP_MAPPED,
        actor=actor,
        target=group,
        role=given.name if given else "none",
        team=team.name if team else "none",
    )
    people = DirectoryPlace.objects.filter(group=group, user__membership__isnull=False)
    settle_group(group, people.values_list("user__membership", flat=True), actor)
    return group


def _given(role: str, actor: Actor) -> GivenRole | None:
    given = mapped_role(role, actor=actor) if role else None
    if given is not None and given.custom is None and given.role not in ROLES_BY_WEIGHT:
        raise Invalid("No directory gives this role.", {"role": "Choose another role."})
    return given


def _check_team(team: Team | None, actor: Actor) -> None:
    if team is not None:
        if team.organization_id != actor.organization_id:
            raise NotPermitted("Choose a team of this workspace.")
        known = {permission.value: permission for permission in Permission}
        may_hand_out(frozenset(known[p] for p in team.permissions if p in known), actor=actor)


def _locked(group: DirectoryGroup, version: int | None) -> DirectoryGroup:
    lock_organization()
    found: DirectoryGroup = DirectoryGroup.objects.select_related("team", "custom_role").get(
        pk=DirectoryGroup.objects.locked(group.pk).pk
    )
    if version is not None and found.version != version:
        raise StaleVersion("This group has changed since you read it. Read it again.")
    return found


def _describe(group: DirectoryGroup, wanted: WantedGroup, *, at: datetime) -> None:
    group.display_name, group.external_id = wanted.display_name, wanted.external_id
    group.display_name_key = folded(wanted.display_name)
    group.attributes, group.changed_at = wanted.attributes, at


def _hold_emptying(group: DirectoryGroup, change: MemberChange, asked: Asked) -> bool:
    """Whoever cannot sign in keeps nobody's role alive: only active people count as left."""
    if not is_privileged(group) or not (change.is_cleared or change.removed):
        return False
    people = set(DirectoryPlace.objects.filter(group=group).values_list("user", flat=True))
    going = (people if change.is_cleared else people & change.removed) - change.added
    left = (people - going) | change.added
    if not going or _active(left).exists():
        return False
    hold_leaving(group, list(going), asked)
    return True


def _active(people: Collection[UUID]) -> QuerySet[DirectoryUser]:
    return DirectoryUser.objects.filter(
        pk__in=people, is_active=True, membership__status=Membership.Status.ACTIVE
    )


def _save(group: DirectoryGroup, *, creating: bool = False) -> None:
    try:
        with transaction.atomic():
            group.save(force_insert=creating, update_fields=None if creating else _FIELDS)
    except IntegrityError as used:
        raise taken(f"A group called “{group.display_name}” is here already.") from used
