"""Reading under a grant at 200 reads a second, and a revocation in the middle of it.

Run by hand: `python -m tests.benchmarks.reads [seconds] [reads a second]`, on SQLite; with the
services' environment set, on PostgreSQL. Each read goes through the door as a request does: own
connection, own scope, one object, its record and its event; two processes read, as many as the web
server has by default. What counts: no read that began after the revocation had returned went
through.
"""

import sys
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from statistics import quantiles
from typing import Any

from django.db import connection

from portal.catalog.models import Resource
from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.actions.decisions import approve_grant, revoke_grant
from portal.grants.actions.requests import endorse_grant, request_grant
from portal.grants.actions.sessions import open_support_session
from portal.grants.door import open_door
from portal.grants.models import AccessRecord, Grant
from portal.grants.reading import read_resource
from portal.grants.refusals import NoAccess
from portal.grants.rules import Capability
from portal.grants.staff import as_staff
from portal.grants.terms import Consent
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.resolving import actor_for_member
from tenants.scoping import organization_scope
from tests.benchmarks.scim import database
from tests.cast import FACTS, make_member, make_organization, make_ready
from tests.portal.grants.conftest import make_integration, wish

PROCESSES, THREADS, RATE, SECONDS = 2, 4, 200.0, 10


@dataclass(frozen=True)
class Scene:
    grant: Grant
    reader: Actor
    decider: Actor
    resource: Any


@dataclass(frozen=True)
class Read:
    began: float
    took: float


def stepped_up(member: Membership) -> Actor:
    actor = actor_for_member(member, facts=FACTS)
    return replace(actor, stepped_up_until=now() + timedelta(minutes=5))


def prepare() -> Scene:
    acme, vendor = make_organization("acme"), make_organization("meridian", kind="vendor")
    sia = make_member(acme, "Sia Fernandes", BuiltInRole.SECURITY_OFFICER)
    sam = make_ready(make_member(vendor, "Sam Whitlock", BuiltInRole.SUPPORT_ENGINEER))
    lea = make_ready(make_member(vendor, "Lea Moreau", BuiltInRole.SUPPORT_LEAD))
    actors = {}
    for member in (sia, sam, lea):
        with organization_scope(member.organization_id):
            actors[member.pk] = stepped_up(member)
    at, decider = now(), actors[sia.pk]
    reader = as_staff(actors[sam.pk], acme)
    with organization_scope(acme.pk):
        source = make_integration("Shop", at)
        case = open_case(
            CaseFacts("Imports fail"), actor=decider, at=at, integration_ids=[source.pk]
        )
        scope = tuple(row.as_scope() for row in case.integrations.all())
        grant = request_grant(case, actor=reader, at=at, wish=wish(scope=scope))
        endorse_grant(grant, actor=as_staff(actors[lea.pk], acme), at=at)
        approve_grant(grant, actor=decider, at=at, consent=Consent())
        open_support_session(grant, actor=reader, at=at)
        return Scene(grant, reader, decider, Resource.objects.filter(integration=source)[0].pk)


def read_in_threads(scene: Scene, rate: float, number: int) -> list[Read]:
    """One process's share of the reads, each thread's begun at its own time."""
    with ThreadPoolExecutor(THREADS) as pool:
        apart = [(number + PROCESSES * thread) / rate for thread in range(THREADS)]
        found = [pool.submit(read_on, scene, rate, wait) for wait in apart]
        return [read for reader in found for read in reader.result()]


def read_on(scene: Scene, rate: float, wait: float) -> list[Read]:
    """One reader at its share of the rate, until it is refused."""
    done, pace, due = [], PROCESSES * THREADS / rate, time.monotonic() + wait
    try:
        while not _over.is_set():
            time.sleep(max(0.0, due - time.monotonic()))
            began = time.monotonic()
            try:
                _read_once(scene)
            except NoAccess:
                break
            done.append(Read(began, time.monotonic() - began))
            due += pace
    finally:
        connection.close()
    return done


def _read_once(scene: Scene) -> None:
    with (
        organization_scope(scene.grant.organization_id),
        open_door(
            scene.grant.pk, visitor=scene.reader, at=now(),
            capability=Capability.METADATA, route="benchmark",
        ) as opening,
    ):  # fmt: skip
        read_resource(opening, scene.resource)


# The same clock in every process (clock_gettime(2), CLOCK_MONOTONIC), and the same end.
_forked = get_context("fork")
_over: Event = _forked.Event()


def main(seconds: int, rate: float) -> int:
    with database():
        scene = prepare()
        connection.close()
        with ProcessPoolExecutor(PROCESSES, mp_context=_forked) as pool:
            readers = [
                pool.submit(read_in_threads, scene, rate, number) for number in range(PROCESSES)
            ]
            asked, returned = _revoke_after(seconds, scene)
            reads = [read for reader in readers for read in reader.result()]
        with organization_scope(scene.grant.organization_id):
            recorded = AccessRecord.objects.count()
    begun = min(read.began for read in reads)
    after = sum(read.began > returned for read in reads)
    cuts = quantiles([read.took for read in reads], n=100)
    sys.stdout.write(
        f"{connection.vendor}: {len(reads) / (asked - begun):.0f} reads a second for {seconds} s, "
        f"median {cuts[49] * 1000:.1f} ms, 99 % within {cuts[98] * 1000:.1f} ms; "
        f"revocation took {(returned - asked) * 1000:.0f} ms; "
        f"{after} reads began after it and went through; "
        f"{recorded} records of {len(reads)} reads\n"
    )
    return 1 if after or recorded != len(reads) else 0


def _revoke_after(seconds: int, scene: Scene) -> tuple[float, float]:
    """When the revocation was asked for, and when it had returned."""
    time.sleep(seconds)
    asked = time.monotonic()
    with organization_scope(scene.grant.organization_id):
        revoke_grant(scene.grant, actor=scene.decider, at=now())
    returned = time.monotonic()
    time.sleep(1)
    _over.set()
    return asked, returned


if __name__ == "__main__":
    given = sys.argv[1:3]
    sys.exit(main(int(given[0]) if given else SECONDS, float(given[1]) if given[1:] else RATE))
