"""What a service account may do at this moment, and through which teams it looks."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from tenants.models import ServiceAccount, ServiceAccountPlace, Team, TeamMember
from tenants.permissions import OWNERS_ALONE, Permission
from tenants.rights import united


@dataclass(frozen=True, slots=True)
class MachineRights:
    """A service account's own rights, cut to those of the person who answers for it."""

    permissions: frozenset[Permission]
    teams: tuple[Team, ...]


def rights_of_account(account: ServiceAccount) -> MachineRights:
    """Read anew each time: the role, the teams and the owner may have changed since."""
    return rights_of_accounts([account])[account.pk]


def rights_of_accounts(accounts: Collection[ServiceAccount]) -> dict[UUID, MachineRights]:
    """The same for many, in two queries."""
    owners: dict[UUID, list[Team]] = defaultdict(list)
    owned_by = {account.owner_id for account in accounts}
    for seat in TeamMember.objects.filter(membership__in=owned_by).select_related("team"):
        owners[seat.membership_id].append(seat.team)
    own: dict[UUID, list[Team]] = defaultdict(list)
    places = ServiceAccountPlace.objects.filter(service_account__in=[a.pk for a in accounts])
    for place in places.select_related("team").order_by("team__name"):
        own[place.service_account_id].append(place.team)
    return {a.pk: _bounded(a, own[a.pk], owners[a.owner_id]) for a in accounts}


def _bounded(account: ServiceAccount, own: list[Team], theirs: list[Team]) -> MachineRights:
    """What only owners may do is never a machine's, whatever a role or a team was given later."""
    answered = united(account.owner.role_permissions(), (team.permissions for team in theirs))
    held = united(account.role_permissions(), (team.permissions for team in own))
    known = {team.pk for team in theirs}
    return MachineRights(
        permissions=(held & answered) - OWNERS_ALONE,
        teams=tuple(t for t in own if t.pk in known or _is_open_to(answered, t)),
    )


def _is_open_to(answered: frozenset[Permission], team: Team) -> bool:
    """Whether the owner sees what a team sees that they are not in."""
    if Permission.CATALOG_VIEW_ALL not in answered:
        return False
    return team.visibility == Team.Visibility.PUBLIC or Permission.TEAM_MANAGE in answered
