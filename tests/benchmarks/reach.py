"""“Resources my teams may see”: a page of 50 of 100,000, against bare SQL and django-guardian.

Run by hand: `python -m tests.benchmarks.reach [resources]`, on SQLite; with the services'
environment set, on PostgreSQL with its policies on. Ours and the bare SQL take turns on one
connection; guardian has the same rows in a database of its own, without policies, which favours
it. What counts are the ratios of the medians.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.identifiers import new_id
from portal.catalog.models import Integration, Resource, TeamAccess, TeamResourceAccess
from portal.catalog.rules import IntegrationStatus, Level, ResourceKind, sort_key
from tenants.access import Actor, ActorKind
from tenants.models import Membership, Team, TeamMember
from tenants.permissions import Permission
from tenants.scoping import organization_scope
from tests.benchmarks.scim import database
from tests.cast import make_organization

RESOURCES, TEAMS, MEMBERS = 100_000, 200, 5_000
GIVEN_TO_A_TEAM = 1_500
PAGE, ROUNDS, WARM_UP = 50, 60, 5
# The aim for the three members that guardian is asked for too.
MOST_OF_LIMIT = 8.0
AT = datetime(2026, 1, 1, tzinfo=UTC)
VIEW = frozenset({Permission.CATALOG_VIEW})
COLUMNS = (
    "r.id, r.integration_id, r.kind, r.name, r.sort_key, r.database, r.schema, r.owner, r.tags"
)
Way = Callable[[], list[str]]


@dataclass(frozen=True)
class World:
    """One organization's rows, and the members who look."""

    resources: list[UUID]
    integration: UUID
    given: dict[UUID, list[UUID]]
    small: UUID
    whole: UUID

    @property
    def teams(self) -> list[UUID]:
        return list(self.given)


def chunks(rows: Iterator[Any] | list[Any], model: Any) -> None:
    model.objects.bulk_create(rows, batch_size=2_000)


def build(count: int) -> tuple[World, Any]:
    """The organization of the measurement, and a second one that must cost nothing."""
    chance = random.Random(7)  # noqa: S311  (the same rows in every run)
    other = make_organization("globex")
    with organization_scope(other.pk):
        fill(chance, count // 5, teams=20)
    organization = make_organization("acme")
    with organization_scope(organization.pk):
        world = fill(chance, count, teams=TEAMS)
        people(chance, world)
    return world, organization


def fill(chance: random.Random, count: int, *, teams: int) -> World:
    source = Integration.objects.create(
        name="Warehouse", kind="dbt_artifacts", status=IntegrationStatus.NEW, created_at=AT
    )
    names = [f"{chance.choice('abcdefghijkl')}_table_{number:06d}" for number in range(count)]
    rows = [
        Resource(
            id=new_id(), integration=source, kind=ResourceKind.MODEL, unique_key=f"model.{name}",
            name=name, sort_key=sort_key(name), digest="0" * 64,
        )
        for name in names
    ]  # fmt: skip
    chunks(rows, Resource)
    made = [Team(name=f"Team {number}", created_at=AT) for number in range(teams + 2)]
    Team.objects.bulk_create(made)
    *many, small, whole = made
    share = min(GIVEN_TO_A_TEAM, count // 4)
    given = {team.pk: chance.sample(rows, share) for team in many}
    given[small.pk] = chance.sample(rows, 20)
    singles = [
        TeamResourceAccess(
            team_id=team, integration=source, resource=row, sort_key=row.sort_key, level=Level.VIEW
        )
        for team, its in given.items()
        for row in its
    ]
    chunks(singles, TeamResourceAccess)
    TeamAccess.objects.create(team=whole, integration=source, level=Level.VIEW)
    ids = {team: [row.pk for row in its] for team, its in given.items()}
    return World([row.pk for row in rows], source.pk, ids, small.pk, whole.pk)


def people(chance: random.Random, world: World) -> None:
    rows = [
        Membership(
            name=f"Person {number}", email=f"person{number}@acme.test", role="viewer",
            source="scim", joined_at=AT,
        )
        for number in range(MEMBERS)
    ]  # fmt: skip
    chunks(rows, Membership)
    places = [
        TeamMember(team_id=team, membership=row)
        for row in rows
        for team in chance.sample(world.teams[:-1], 3)
    ]
    chunks(places, TeamMember)


def analyzed() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("reset role")
            cursor.execute("vacuum analyze")
            from tests.conftest import _step_down  # noqa: PLC0415

            _step_down(connection)
        else:
            cursor.execute("analyze")


def own_way(actor: Actor) -> Way:
    def run() -> list[str]:
        rows = Resource.objects.all().first_visible(actor, after=None, size=PAGE)
        return [str(row.pk) for row in rows]

    return run


def bare_way(sql: str, parameters: list[Any]) -> Way:
    def run() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            return [str(UUID(str(row[0]))) for row in cursor.fetchall()]

    return run


def as_stored(value: UUID) -> Any:
    return value if connection.vendor == "postgresql" else value.hex


def merged_sql(organization: UUID, teams: list[UUID]) -> Way:
    """Each team's first page from its index, merged: the best that is known for any member."""
    one = (
        "select * from (select resource_id, sort_key from catalog_teamresourceaccess"  # noqa: S608
        " where organization_id = %s and team_id = %s"
        f" order by sort_key, resource_id limit {PAGE}) each"
    )
    sql = (
        f"select {COLUMNS} from catalog_resource r join ("  # noqa: S608
        " select resource_id from (" + " union ".join([one] * len(teams)) + ") merged"
        f" order by sort_key, resource_id limit {PAGE}) found on found.resource_id = r.id"
        " where r.organization_id = %s order by r.sort_key, r.id"
    )
    given = [part for team in teams for part in (as_stored(organization), as_stored(team))]
    return bare_way(sql, [*given, as_stored(organization)])


def whole_sql(organization: UUID) -> Way:
    sql = (
        f"select {COLUMNS} from catalog_resource r where r.organization_id = %s"  # noqa: S608
        f" order by r.sort_key, r.id limit {PAGE}"
    )
    return bare_way(sql, [as_stored(organization)])


def actor_in(
    organization: Any, teams: list[UUID], more: frozenset[Permission] = frozenset()
) -> Actor:
    return Actor(
        kind=ActorKind.MEMBER,
        organization=organization,
        name="Person",
        permissions=VIEW | more,
        team_ids=frozenset(teams),
    )


def timed(*ways: Way) -> list[float]:
    """Median milliseconds of each, taken in turns."""
    spent: list[list[float]] = [[] for _ in ways]
    for turn in range(WARM_UP + ROUNDS):
        for way, mine in zip(ways, spent, strict=True):
            begun = time.perf_counter()
            way()
            if turn >= WARM_UP:
                mine.append((time.perf_counter() - begun) * 1_000)
    return [median(mine) for mine in spent]


def statements(way: Way) -> int:
    with CaptureQueriesContext(connection) as queries:
        way()
    return len(queries)


def guardian(world: World, looked: dict[str, list[UUID] | None]) -> dict[str, dict[str, Any]]:
    """The same rows and people for guardian, in a process with its own settings and database."""
    plan = {
        "resources": [str(pk) for pk in world.resources],
        "given": {str(team): [str(pk) for pk in its] for team, its in world.given.items()},
        "looked": {
            name: None if teams is None else [str(team) for team in teams]
            for name, teams in looked.items()
        },
        "page": PAGE,
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "plan.json")
        path.write_text(json.dumps(plan), encoding="utf-8")
        command = [sys.executable, "-m", "tests.benchmarks.guardian_peer", str(path)]
        told = subprocess.run(
            command, check=True, capture_output=True, text=True,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.benchmarks.guardian_settings",
                 "PEER_SQLITE": str(Path(folder, "peer.sqlite3"))},
        )  # fmt: skip
    answer: dict[str, dict[str, Any]] = json.loads(told.stdout.splitlines()[-1])
    return answer


def line(*cells: object) -> None:
    first, *others = cells
    print(f"{first!s:<38}" + "".join(f"{cell!s:>14}" for cell in others))  # noqa: T201


def measure(count: int) -> bool:
    world, organization = build(count)
    analyzed()
    looks: dict[str, tuple[list[UUID], Way, frozenset[Permission]]] = {}
    three = world.teams[:3]
    everything = frozenset({Permission.CATALOG_VIEW_ALL})
    looks["in 3 teams"] = (three, merged_sql(organization.pk, three), frozenset())
    looks["sees all"] = ([], whole_sql(organization.pk), everything)
    looks["sees all by a team"] = ([world.whole], whole_sql(organization.pk), frozenset())
    looks["sees 20"] = ([world.small], merged_sql(organization.pk, [world.small]), frozenset())
    peer = guardian(world, {"in 3 teams": three, "sees all": None, "sees 20": [world.small]})
    held = True
    line(
        f"{connection.vendor}, {count} resources",
        "bare SQL ms",
        "ours x",
        "statements",
        "guardian x",
    )
    with organization_scope(organization.pk):
        for name, (teams, bare, more) in looks.items():
            own = own_way(actor_in(organization, teams, more))
            if own() != bare():
                raise SystemExit(f"{name}: the two ways find different rows.")
            limit, ours = timed(bare, own)
            theirs = f"{peer[name]['ms'] / limit:.0f}" if name in peer else ""
            line(name, f"{limit:.2f}", f"{ours / limit:.1f}", statements(own), theirs)
            held = held and (name not in peer or ours / limit <= MOST_OF_LIMIT)
        check(actor_in(organization, three))
    return held


def check(actor: Actor) -> None:
    """A permission check once the actor is built, against looking into a set."""
    held = set(actor.permissions)
    asked = Permission.CATALOG_VIEW
    limit, ours = timed(
        lambda: [asked in held for _ in range(10_000)] and [],
        lambda: [actor.may(asked) for _ in range(10_000)] and [],
    )
    with CaptureQueriesContext(connection) as queries:
        actor.may(asked)
    line("one permission check", f"{limit / 10:.3f} us", f"{ours / limit:.1f}", len(queries))


def main(count: int) -> int:
    with database():
        return 0 if measure(count) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else RESOURCES))
