"""Moving people in and out of a group, inside the transaction of the action that does."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from audit.names import EventName
from audit.recorder import record
from portal.catalog.ingest.inserting import insert
from portal.directory.models import DirectoryGroup, DirectoryPlace, DirectoryUser
from portal.directory.scim.errors import bad_value
from portal.directory.scim.members import MemberChange
from portal.directory.settling import Settled, settle
from tenants.access import Actor


def change_members(group: DirectoryGroup, change: MemberChange, actor: Actor) -> bool:
    """The same few statements for two people and for five thousand."""
    held = set(DirectoryPlace.objects.filter(group=group).values_list("user", flat=True))
    fresh = change.added - held
    gone = (held if change.is_cleared else change.removed & held) - change.added
    members = _members_of(fresh, gone)
    if fresh:
        insert(DirectoryPlace, ("group_id", "user_id"), ((group.pk, pk) for pk in fresh))
    if gone:
        DirectoryPlace.objects.filter(group=group, user__in=gone).delete()
    if not (fresh or gone):
        return False
    record(
        EventName.DIRECTORY_GROUP_MEMBERS_CHANGED,
        actor=actor,
        target=group,
        added=len(fresh),
        removed=len(gone),
    )
    if group.team_id or group.role_name:
        settle_group(group, members, actor)
    return True


def _members_of(fresh: set[UUID], gone: set[UUID]) -> list[UUID]:
    """Memberships behind the people that move. Raises ScimError for somebody unknown."""
    found = DirectoryUser.objects.filter(pk__in=fresh | gone)
    rows: dict[UUID, UUID | None] = dict(found.values_list("pk", "membership"))
    unknown = sorted(str(pk) for pk in fresh - rows.keys())
    if unknown:
        raise bad_value(f"There is no user with the id {unknown[0]} here.")
    return [member for member in rows.values() if member is not None]


def settle_group(group: DirectoryGroup, members: Iterable[UUID | None], actor: Actor) -> None:
    settled = settle([member for member in members if member is not None])
    if settled:
        record(EventName.DIRECTORY_ACCESS_SETTLED, actor=actor, target=group, **_facts(settled))


def _facts(settled: Settled) -> dict[str, Any]:
    """Everybody by id: the log must answer who got what, and when."""
    return {
        "joined_count": len(settled.joined),
        "left_count": len(settled.left),
        "role_count": sum(len(members) for members in settled.roles.values()),
        "joined": [f"{member} {team}" for team, member in settled.joined],
        "left": [f"{member} {team}" for team, member in settled.left],
        "roles": {role: [str(pk) for pk in members] for role, members in settled.roles.items()},
    }
