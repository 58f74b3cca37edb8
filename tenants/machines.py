"""What a service account may do at this moment, and through which teams it looks."""

from dataclasses import dataclass

from tenants.models import ServiceAccount, ServiceAccountPlace, Team, TeamMember
from tenants.permissions import OWNERS_ALONE, Permission
from tenants.rights import united


@dataclass(frozen=True, slots=True)
class MachineRights:
    """A service account's own rights, cut to those of the person who answers for it."""

    permissions: frozenset[Permission]
    teams: tuple[Team, ...]


def rights_of_account(account: ServiceAccount) -> MachineRights:
    """Read anew each time: the role, the teams and the owner may have changed since.

    What only owners may do is never a machine's, whatever a role or a team was given later.
    """
    owner = account.owner
    theirs = [
        place.team for place in TeamMember.objects.filter(membership=owner).select_related("team")
    ]
    answered = united(owner.role_permissions(), (team.permissions for team in theirs))
    places = ServiceAccountPlace.objects.filter(service_account=account).select_related("team")
    own = [place.team for place in places.order_by("team__name")]
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
