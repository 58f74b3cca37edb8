"""What a mapping that is being considered would change, before anybody commits to it."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.directory.joining import default_role
from portal.directory.models import DirectoryGroup, DirectoryPlace
from portal.directory.rules import role_from
from portal.directory.settling import GIVES_ROLE
from tenants.access import Actor
from tenants.models import ManagedBy, Membership, Team, TeamMember
from tenants.naming import mappable, role_labels, role_name
from tenants.permissions import BuiltInRole, Permission

NAMES_SHOWN = 10


@dataclass(frozen=True)
class Line:
    """How many people one part of the mapping touches, and the first of them by name."""

    text: str
    count: int
    names: list[str]


@dataclass(frozen=True)
class Preview:
    people: int
    gets_role: dict[tuple[str, str], list[str]]
    joins: list[str]
    leaves: list[str]
    owners: list[str]

    @property
    def role_lines(self) -> list[Line]:
        return [
            Line(f"{before} → {after}", len(names), sorted(names)[:NAMES_SHOWN])
            for (before, after), names in sorted(self.gets_role.items())
        ]

    @property
    def is_empty(self) -> bool:
        return not (self.gets_role or self.joins or self.leaves)


def effects_of_mapping(group: DirectoryGroup, *, role: str, team: Team | None) -> Preview:
    """Who would get which role and join or leave which team; in as many queries for 3,000."""
    people = list(
        Membership.objects.filter(
            pk__in=DirectoryPlace.objects.filter(group=group, user__is_active=True).values(
                "user__membership"
            ),
            status=Membership.Status.ACTIVE,
        ).select_related("custom_role")
    )
    others = _other_roles(group)
    names = {role, *(name for given in others.values() for name in given)}
    allowed, labels, fallback = mappable(names), role_labels(), default_role()
    changes, owners = dict[tuple[str, str], list[str]](), list[str]()
    for member in people:
        if member.role == BuiltInRole.OWNER:
            owners.append(str(member))
            continue
        mapped = {*others.get(member.pk, set()), *({role} if role else set())}
        given = {name: allowed[name] for name in mapped if name in allowed}
        after = _role_after(member, given, fallback)
        if after != member.role_name:
            key = (member.role_label, labels[after])
            changes.setdefault(key, []).append(str(member))
    return Preview(
        people=len(people),
        gets_role=changes,
        joins=_joining(people, team),
        leaves=_leaving(group, people, team),
        owners=owners,
    )


def leads_unseen(group: DirectoryGroup, actor: Actor) -> bool:
    """Whether the group gives a team that the actor may not know of."""
    if group.team_id is None:
        return False
    return not Team.objects.visible_to(actor).filter(pk=group.team_id).exists()


def _role_after(
    member: Membership, given: Mapping[str, frozenset[Permission]], fallback: str
) -> str:
    if given:
        return role_from(given, fallback)
    return fallback if member.role_managed_by == ManagedBy.DIRECTORY else member.role_name


def _other_roles(group: DirectoryGroup) -> dict[object, set[str]]:
    """Roles by member from the other groups that this group's people are in."""
    mine = DirectoryPlace.objects.filter(group=group).values("user")
    rows = (
        DirectoryPlace.objects.filter(user__in=mine)
        .exclude(group=group)
        .filter(GIVES_ROLE)
        .values_list("user__membership", "group__role", "group__custom_role")
    )
    found: dict[object, set[str]] = {}
    for member, role, custom in rows:
        found.setdefault(member, set()).add(role_name(role, custom))
    return found


def _joining(people: list[Membership], team: Team | None) -> list[str]:
    if team is None:
        return []
    inside = set(TeamMember.objects.filter(team=team).values_list("membership", flat=True))
    return [str(member) for member in people if member.pk not in inside]


def _leaving(group: DirectoryGroup, people: list[Membership], team: Team | None) -> list[str]:
    """Out of the team that the group has given so far, if it gives it no longer."""
    if group.team_id is None or (team is not None and team.pk == group.team_id):
        return []
    placed = TeamMember.objects.filter(team=group.team_id, managed_by=ManagedBy.DIRECTORY)
    inside = set(placed.values_list("membership", flat=True))
    return [str(member) for member in people if member.pk in inside]
