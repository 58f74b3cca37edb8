"""Which service accounts can see a thing, and through which path."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from portal.access.questions import Path, TeamNames, Thing, level_in, path_of_role, reaches_to
from portal.access.standing import rights_of
from portal.catalog.rules import Level
from tenants.access import Actor
from tenants.machines import MachineRights, rights_of_accounts
from tenants.models import ServiceAccount
from tenants.permissions import Permission

# Accounts are made one by one, by hand; an answer still has an end.
MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Machine:
    """A service account that can see the thing, as far as the looker knows the account."""

    account: ServiceAccount
    level: Level
    paths: list[Path]


def machines_that_see(thing: Thing, *, actor: Actor, at: datetime) -> list[Machine]:
    """By the code that decides what their tokens may do, in a fixed number of queries."""
    rows = (
        ServiceAccount.objects.visible_to(actor)
        .filter(deleted_at=None, suspended_at=None)
        .select_related("custom_role", "owner", "owner__custom_role")
        .order_by("name", "id")[:MOST]
    )
    accounts = [row for row in rows if row.is_active(at=at) and row.owner.is_active(at=at)]
    held, reaches, called = rights_of_accounts(accounts), reaches_to(thing), TeamNames(actor)
    found = []
    for account in accounts:
        mine = held[account.pk]
        teams = frozenset(team.pk for team in mine.teams)
        level = level_in(rights_of(mine.permissions, teams, reaches), thing)
        if level is not None:
            paths = _paths(account, mine, given=reaches.teams, called=called)
            found.append(Machine(account, level, paths))
    return found


def _paths(
    account: ServiceAccount, held: MachineRights, *, given: frozenset[object], called: TeamNames
) -> list[Path]:
    whole = Permission.CATALOG_VIEW_ALL
    sees_all = whole in held.permissions
    role = [path_of_role(account.role_label)] * (sees_all and whole in account.role_permissions())
    by_team = [
        team for team in held.teams if team.pk in given or (sees_all and whole in team.permissions)
    ]
    return role + [called(team) for team in by_team]
