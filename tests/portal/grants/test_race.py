"""Many at once: one decision counts, and no read begins after a revocation has returned."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import Event as AuditEvent
from audit.refusals import Refusal
from portal.grants.actions.decisions import approve_grant, revoke_grant
from portal.grants.actions.sessions import open_support_session
from portal.grants.door import open_door
from portal.grants.models import AccessRecord, Grant, GrantDecision
from portal.grants.reading import read_resources
from portal.grants.refusals import NoAccess
from portal.grants.rules import Capability
from portal.grants.terms import Consent
from tenants.access import Actor
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 50


def apart(organization: Organization, work: Callable[[], Any]) -> Any:
    """Run in this thread as a request would: own connection, own scope."""
    try:
        with organization_scope(organization.pk):
            return work()
    finally:
        connection.close()


def test_fifty_approvals_have_one_effect(
    organization: Organization,
    pending: Grant,
    sia: Membership,
    actor_of: Callable[..., Actor],
    at: datetime,
) -> None:
    gate, actor = Barrier(MANY), actor_of(sia)

    def approve() -> bool:
        gate.wait()
        try:
            approve_grant(pending, actor=actor, at=at, consent=Consent())
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(MANY) as pool:
        done = list(pool.map(lambda _: apart(organization, approve), range(MANY)))

    assert done.count(True) == 1
    assert GrantDecision.objects.filter(verdict="approved").count() == 1
    assert AuditEvent.objects.filter(name="grant.approved").count() == 1
    assert Grant.objects.get().version == pending.version + 1


def test_no_read_begins_after_a_revocation_returned(  # noqa: PLR0915
    organization: Organization,
    active: Grant,
    sam: Membership,
    sia: Membership,
    staff_of: Callable[[Membership], Actor],
    actor_of: Callable[..., Actor],
    at: datetime,
) -> None:
    visitor, decider = staff_of(sam), actor_of(sia)
    open_support_session(active, actor=visitor, at=at)
    stop = Event()

    def read_on() -> list[float]:
        begun = []
        while not stop.is_set():
            start = time.monotonic()
            try:
                with open_door(
                    active.pk,
                    visitor=visitor,
                    at=timezone.now(),
                    capability=Capability.METADATA,
                    route="race",
                ) as opening:
                    read_resources(opening)
            except NoAccess:
                break
            begun.append(start)
            time.sleep(0.02)  # SQLite's lock is not fair: leave the writer a gap
        return begun

    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(apart, organization, read_on) for _ in range(4)]
        try:
            time.sleep(1)
            revoke_grant(active, actor=decider, at=timezone.now())
            returned = time.monotonic()
            time.sleep(0.5)
        finally:
            stop.set()
        begun = [start for reader in readers for start in reader.result()]

    assert begun, "the readers were to read something first"
    assert [start for start in begun if start > returned] == []
    assert AccessRecord.objects.count() == 3 * len(begun)
    assert AuditEvent.objects.filter(name="object.read").count() == len(begun)
