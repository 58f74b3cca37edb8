"""Organizations as dice make them: sources, teams, roles and people, from bare rows."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from portal.catalog.ingest.applying import add_new
from portal.catalog.ingest.relations import Column, Relation, digest_of
from portal.catalog.models import Integration, Resource, TeamAccess, TeamResourceAccess
from tenants.models import Membership, Organization, Role, Team, TeamMember
from tenants.permissions import BuiltInRole, Permission
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization

P = Permission
LOT = 8  # resources that share a word; the search box shows no more than this of a kind
ROLES: Sequence[frozenset[Permission]] = (
    frozenset({P.CATALOG_VIEW}),
    frozenset({P.TEAM_VIEW, P.TOKEN_ISSUE}),
    frozenset({P.CATALOG_VIEW, P.INTEGRATION_VIEW, P.TEAM_VIEW}),
    frozenset({P.CATALOG_VIEW_ALL}),
    frozenset({P.CATALOG_VIEW, P.INTEGRATION_MANAGE, P.INTEGRATION_VIEW}),
)
OF_TEAMS: Sequence[Sequence[Permission]] = ((), (), (P.INTEGRATION_VIEW,), (P.CATALOG_VIEW,))


@dataclass
class World:
    """One organization, and its rows for the asking."""

    organization: Organization
    dice: random.Random
    integrations: list[Integration] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    teams: list[Team] = field(default_factory=list)
    people: dict[str, Membership] = field(default_factory=dict)

    def add_source(self, resources: int) -> None:
        number, slug = len(self.integrations), self.organization.slug
        source = Integration.objects.create(
            kind="json", name=f"{slug} source {number}", created_at=timezone.now()
        )
        start = len(self.resources)
        made = [self._relation(n) for n in range(start, start + resources)]
        add_new(source, [(each, digest_of(each.packed())) for each in made])
        self.integrations.append(source)
        self.resources += Resource.objects.filter(integration=source).order_by("unique_key")

    def _relation(self, number: int) -> Relation:
        # Names in no order of making, some of them equal: pages must not lean on either.
        name = f"{self.dice.choice('abc')}_{self.dice.randrange(6)}_lot{number // LOT:03d}"
        columns = [Column(f"c{n}", "text", n, "") for n in range(self.dice.randrange(3))]
        return Relation(f"{self.organization.slug}.{number}", "table", name, columns=columns)

    def add_team(self) -> None:
        """A team that was given a random part of the sources and of the resources."""
        dice = self.dice
        team = Team.objects.create(
            name=f"{self.organization.slug} team {len(self.teams)}",
            visibility=dice.choice(Team.Visibility.values),
            permissions=sorted(dice.choice(OF_TEAMS)),
            created_at=timezone.now(),
        )
        for source in _some(dice, self.integrations, of=4):
            TeamAccess.objects.create(team=team, integration=source, level=_level(dice))
        for row in _some(dice, self.resources, of=8):
            TeamResourceAccess.objects.create(
                team=team, integration_id=row.integration_id, resource=row,
                sort_key=row.sort_key, level=_level(dice),
            )  # fmt: skip
        self.teams.append(team)

    def add_person(self, name: str, role: str = "", *, teams: bool = False) -> Membership:
        """Somebody with this built-in role or any, in some of the teams or in none."""
        chosen = role or self.dice.choice([BuiltInRole.VIEWER, BuiltInRole.EDITOR, ""])
        member = make_member(self.organization, f"{name} Person", chosen or BuiltInRole.VIEWER)
        if not chosen:
            member.custom_role = self.dice.choice(self.roles)
            member.save(update_fields=["custom_role"])
        for team in _some(self.dice, self.teams, of=2) if teams else ():
            TeamMember.objects.create(team=team, membership=member)
        self.people[name] = member
        return member


def make_world(dice: random.Random, slug: str, *, sources: int = 3, most: int = 7) -> World:
    world = World(make_organization(slug), dice)
    with organization_scope(world.organization.pk):
        for _number in range(sources):
            world.add_source(dice.randint(1, most))
        world.roles = [
            Role.objects.create(name=f"Role {n}", permissions=sorted(held))
            for n, held in enumerate(ROLES)
        ]
        for _number in range(5):
            world.add_team()
    return world


def _some(dice: random.Random, rows: Sequence[Any], *, of: int) -> list[Any]:
    """About one in `of` of the rows."""
    return [row for row in rows if dice.randrange(of) == 0]


def _level(dice: random.Random) -> str:
    return dice.choice(["view", "query"])
