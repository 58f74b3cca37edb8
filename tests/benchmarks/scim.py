"""SCIM at size: 10,000 people provisioned, a group of 5,000 patched; rates and query counts.

Run by hand: `python -m tests.benchmarks.scim [people]`, on SQLite; with the services' environment
set, on PostgreSQL. Every call goes through the whole stack but the network.
"""

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.backends.signals import connection_created
from django.test.utils import CaptureQueriesContext, setup_test_environment

from portal.directory.actions import issue_directory_token, map_group
from portal.directory.models import DirectoryGroup
from portal.sso.models import Domain
from tenants.access import Actor, ActorKind, system_actor
from tenants.actions.teams import create_team
from tenants.clock import now
from tenants.permissions import ROLE_PERMISSIONS, BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_organization
from tests.conftest import _step_down
from tests.portal.directory.conftest import Directory

PEOPLE = 10_000
GROUP = 5_000
# Entra sends members in chunks of its own; this is a usual one.
CHUNK = 100
# How many calls of one kind are watched for their statements.
WATCHED = 3


@contextmanager
def database() -> Iterator[None]:
    """A database of its own, guarded and used as the tests do; gone afterwards."""
    setup_test_environment()
    name = connection.creation.create_test_db(verbosity=0)
    call_command("protect", role=settings.DATABASE_ROLE, create_role=True, verbosity=0)
    if connection.vendor == "postgresql":
        _step_down(connection)
        connection_created.connect(_step_down, dispatch_uid="benchmark")
    try:
        yield
    finally:
        connection_created.disconnect(dispatch_uid="benchmark")
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("reset role")
        connection.creation.destroy_test_db(name, verbosity=0)


def prepare() -> tuple[Directory, Actor]:
    organization = make_organization("acme")
    with organization_scope(organization.pk):
        Domain.objects.create(name="acme.test", token="t", created_at=now(), verified_at=now())
        actor = system_actor(organization)
        _row, text = issue_directory_token(
            actor=actor, at=now(), name="benchmark", lasts=timedelta(days=1)
        )
    owner = Actor(
        kind=ActorKind.SYSTEM,
        organization=organization,
        name="benchmark",
        permissions=ROLE_PERMISSIONS[BuiltInRole.OWNER],
    )
    return Directory(text), owner


def statements(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


def line(what: str, calls: int, seconds: float, counts: list[int]) -> None:
    spent = "/".join(str(n) for n in sorted(set(counts)))
    rate = calls / seconds
    print(f"{what:<44}{calls:>8}{seconds:>9.1f} s{rate:>10.1f}/s{spent:>12}")  # noqa: T201


def timed(what: str, calls: list[Callable[[], Any]], *, first: int = WATCHED) -> None:
    """Run them all; the first and the last few are watched, and the rest are only timed."""
    watched = {*range(first), *range(len(calls) - first, len(calls))}
    counts, begun = [], time.perf_counter()
    for index, call in enumerate(calls):
        if index in watched:
            counts.append(statements(call))
        else:
            call()
    line(what, len(calls), time.perf_counter() - begun, counts)


def provision(idp: Directory, people: int) -> list[str]:
    ids: list[str] = []

    def one(number: int) -> Callable[[], None]:
        return lambda: ids.append(idp.add(f"person{number}")["id"])

    timed("POST /Users", [one(number) for number in range(people)])
    return ids


def patch(idp: Directory, path: str, op: str, people: list[str]) -> Callable[[], None]:
    value = [{"value": pk} for pk in people]

    def call() -> None:
        status, told = idp.patch(path, {"op": op, "path": "members", "value": value})
        assert status == 204, told

    return call


def members(idp: Directory, actor: Actor, ids: list[str]) -> None:
    """A group that gives a role and a team: the dearest kind."""
    path = f"/Groups/{idp.add_group('Everybody')['id']}"
    with organization_scope(actor.organization_id):
        team = create_team(actor=actor, at=now(), name="Everybody")
        row = DirectoryGroup.objects.get()
        map_group(row, actor=actor, role="viewer", team=team, version=row.version)
    people, few = ids[:GROUP], ids[GROUP : GROUP + 2] or ids[:2]
    timed("PATCH /Groups, 2 members added", [patch(idp, path, "add", few)])
    timed(f"PATCH /Groups, {len(people)} added in one call", [patch(idp, path, "add", people)])
    timed(f"PATCH /Groups, {len(people)} removed in one call", [patch(idp, path, "Remove", people)])
    for op in ("Add", "Remove"):
        chunks = [list(part) for part in _chunks(people)]
        timed(
            f"PATCH /Groups, Entra's {op} of {CHUNK}",
            [patch(idp, path, op, chunk) for chunk in chunks],
        )


def _chunks(people: list[str]) -> Iterator[tuple[str, ...]]:
    rest = iter(people)
    while part := tuple(itertools.islice(rest, CHUNK)):
        yield part


def read(idp: Directory, people: int) -> None:
    asked = [f'/Users?filter=userName eq "person{n}@acme.test"' for n in range(0, people, 20)]
    timed("GET /Users?filter=userName eq", [lambda path=path: idp.get(path) for path in asked])  # type: ignore[misc]
    pages = [f"/Users?startIndex={start}&count=100" for start in range(1, people, 100)]
    timed("GET /Users, pages of 100", [lambda path=path: idp.get(path) for path in pages])  # type: ignore[misc]


def main(people: int) -> None:
    settings.DIRECTORY_CALLS_PER_MINUTE = 10**9
    print(f"{connection.vendor}, {people} people")  # noqa: T201
    print(f"{'call':<44}{'calls':>8}{'time':>11}{'rate':>12}{'statements':>12}")  # noqa: T201
    with database():
        idp, actor = prepare()
        ids = provision(idp, people)
        read(idp, people)
        members(idp, actor, ids)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
