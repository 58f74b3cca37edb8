"""Roles and places in teams that follow from groups, for many people in a few statements."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import F, Q

from portal.catalog.ingest.inserting import insert
from portal.directory.joining import default_role
from portal.directory.models import DirectoryPlace
from portal.directory.rules import role_from
from tenants.models import ManagedBy, Membership, TeamMember
from tenants.naming import mappable, role_ids, role_name
from tenants.permissions import BuiltInRole

Pair = tuple[UUID, UUID]
GIVES_ROLE = ~Q(group__role="") | Q(group__custom_role__isnull=False)


@dataclass
class Settled:
    """Who was changed, by membership; what the event tells."""

    joined: list[Pair] = field(default_factory=list)
    left: list[Pair] = field(default_factory=list)
    roles: dict[str, list[UUID]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.joined or self.left or self.roles)


def settle(member_ids: Collection[UUID]) -> Settled:
    """Give these members exactly the teams and the role their mapped groups stand for.

    People decide the rest: places given by hand stay, and an owner's role is never touched.
    """
    if not member_ids:
        return Settled()
    teams, roles = _meant(member_ids)
    settled = Settled()
    _place(member_ids, teams, settled)
    _give_roles(member_ids, roles, settled)
    return settled


def _meant(member_ids: Collection[UUID]) -> tuple[set[Pair], Mapping[UUID, set[str]]]:
    """(team, member) pairs and roles by member, as the mapped groups say."""
    rows = (
        DirectoryPlace.objects.filter(user__membership__in=member_ids, user__is_active=True)
        .filter(Q(group__team__isnull=False) | GIVES_ROLE)
        .values_list("user__membership", "group__team", "group__role", "group__custom_role")
    )
    teams: set[Pair] = set()
    roles: dict[UUID, set[str]] = defaultdict(set)
    for member, team, role, custom in rows:
        if team is not None:
            teams.add((team, member))
        if role or custom is not None:
            roles[member].add(role_name(role, custom))
    return teams, roles


def _place(member_ids: Collection[UUID], meant: set[Pair], settled: Settled) -> None:
    active = set(
        Membership.objects.filter(pk__in=member_ids, status=Membership.Status.ACTIVE).values_list(
            "pk", flat=True
        )
    )
    held = {
        (team, member): managed_by
        for team, member, managed_by in TeamMember.objects.filter(
            membership__in=member_ids
        ).values_list("team", "membership", "managed_by")
    }
    settled.joined = [pair for pair in meant if pair[1] in active and pair not in held]
    settled.left = [
        pair for pair, by in held.items() if by == ManagedBy.DIRECTORY and pair not in meant
    ]
    if settled.joined:
        insert(
            TeamMember,
            ("team_id", "membership_id", "is_lead", "managed_by"),
            ((team, member, False, ManagedBy.DIRECTORY.value) for team, member in settled.joined),
        )
    if settled.left:
        _take_out(settled.left)


def _take_out(pairs: Iterable[Pair]) -> None:
    """One statement for each team: a change touches as many as its group maps to, which is one."""
    by_team: dict[UUID, list[UUID]] = defaultdict(list)
    for team, member in pairs:
        by_team[team].append(member)
    for team, members in by_team.items():
        TeamMember.objects.filter(
            team=team, membership__in=members, managed_by=ManagedBy.DIRECTORY
        ).delete()


def _give_roles(
    member_ids: Collection[UUID], mapped: Mapping[UUID, set[str]], settled: Settled
) -> None:
    """A mapped role is the directory's from then on; without one, the default comes back."""
    fallback, allowed = default_role(), mappable({n for names in mapped.values() for n in names})
    rows = Membership.objects.filter(pk__in=member_ids, status=Membership.Status.ACTIVE).exclude(
        role=BuiltInRole.OWNER
    )
    changes: dict[tuple[str, str], list[UUID]] = defaultdict(list)
    for row in rows.only("pk", "role", "custom_role", "role_managed_by"):
        given = {name: allowed[name] for name in mapped.get(row.pk, ()) if name in allowed}
        if not given and row.role_managed_by != ManagedBy.DIRECTORY:
            continue
        role = role_from(given, fallback)
        by = (ManagedBy.DIRECTORY if given else ManagedBy.PEOPLE).value
        if (row.role_name, row.role_managed_by) != (role, by):
            changes[role, by].append(row.pk)
    for (role, by), members in changes.items():
        custom = next(iter(role_ids([role])), None)
        Membership.objects.filter(pk__in=members).update(
            role=BuiltInRole.VIEWER if custom else role,
            custom_role=custom,
            role_managed_by=by,
            version=F("version") + 1,
        )
        settled.roles.setdefault(role, []).extend(members)
