"""A worker killed with SIGKILL in the middle of a step: the request ends once, and whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from audit.models import Event
from portal.catalog.models import Resource
from portal.fulfilment.models import Certificate
from portal.tickets.actions import file_deletion, file_revocation
from portal.tickets.models import Step, Tally, Ticket
from portal.tickets.rules import Scope, Status
from portal.tickets.subjects import Wish
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership, Policy
from tests.portal.fulfilment.conftest import Work, make_integration

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(transaction=True)]

# A worker of its own: the same engine, told where to hang so that it is caught in the act.
WORKER = """
import django, sys, time
django.setup()
from uuid import UUID
from portal.fulfilment import running
from portal.fulfilment.deletion.segments import Segment
from tenants.scoping import organization_scope

organization, ticket, hang = UUID(sys.argv[1]), UUID(sys.argv[2]), sys.argv[3]
erase, seen = Segment.delete, []

def slowly(segment, *args):
    erased = erase(segment, *args)
    seen.append(erased)
    if hang == "chunks" and len(seen) == 3:
        print("hanging", flush=True)
        time.sleep(60)
    return erased

Segment.delete = slowly
if hang != "chunks":
    settle = running.settle_step
    def hanging(job, outcome, **options):
        if job.step.name == hang:
            print("hanging", flush=True)
            time.sleep(60)
        return settle(job, outcome, **options)
    running.settle_step = hanging
with organization_scope(organization):
    for _turn in range(20):
        running.run_ticket(ticket)
        running.run_ticket(ticket, bulk=True)
"""


def killed_in_the_act(ticket: Ticket, step: str) -> None:
    """Start a worker, wait until it is inside the step, and kill it without a warning."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.portal.fulfilment.worker_settings",
        "WORKER_DATABASE": str(connection.settings_dict["NAME"]),
        "WORKER_HOME": str(settings.GATEHOUSE_HOME),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(ticket.organization_id), str(ticket.pk), step],
        env=environment,
        cwd=Path(settings.BASE_DIR),
        stdout=subprocess.PIPE,
        text=True,
    ) as worker:
        assert worker.stdout is not None
        said = ""
        while "hanging" not in said:
            said = worker.stdout.readline()
            assert said, f"the worker ended before it reached {step}"
        worker.send_signal(signal.SIGKILL)
        assert worker.wait(timeout=10) == -signal.SIGKILL


def lease_ends(ticket: Ticket, at: datetime) -> None:
    """What a minute of waiting does."""
    past = at - timedelta(seconds=1)
    Step.objects.filter(ticket=ticket, lease_until__isnull=False).update(lease_until=past)
    Ticket.objects.filter(pk=ticket.pk).update(wake_at=past)


@pytest.mark.parametrize("step", ["keys", "chunks", "storage"])
def test_a_deletion_killed_in_a_step_ends_once(
    step: str, ada: Membership, actor_of: Callable[..., Actor], at: datetime, work: Work
) -> None:
    Policy.objects.update(cooling_off=timedelta(0))
    integration = make_integration(ada, at, name="Warehouse", size=40)
    ticket = file_deletion(
        Scope.INTEGRATION,
        actor=actor_of(ada),
        at=at,
        confirmation="Warehouse",
        integration_id=integration.pk,
    )
    killed_in_the_act(ticket, step)
    ticket.refresh_from_db()
    assert ticket.is_open
    lease_ends(ticket, at)
    ticket = work(ticket)
    assert ticket.status == Status.ERASED
    assert not Resource.objects.exists()
    assert Certificate.objects.count() == 1
    assert Event.objects.filter(name="ticket.erased").count() == 1
    assert all(tally.before == tally.erased for tally in Tally.objects.filter(ticket=ticket))


SUBJECTS = {
    Scope.ALL_METADATA: "Acme Health",
    Scope.INTEGRATION: "Warehouse",
    Scope.PERSON: "Mia Castellan",
    Scope.DATA_CLASS: "Metrics and results of checks",
    Scope.CLOSE: "Acme Health",
}


@pytest.mark.parametrize("scope", SUBJECTS)
def test_a_deletion_killed_in_every_step_ends_once_in_each_scope(
    scope: Scope,
    ada: Membership,
    mia: Membership,
    actor_of: Callable[..., Actor],
    at: datetime,
    work: Work,
) -> None:
    """Each worker is killed when its step is done and not yet written down."""
    Policy.objects.update(cooling_off=timedelta(0))
    integration = make_integration(ada, at, name="Warehouse", size=3)
    by_ada = actor_of(ada)
    if scope == Scope.PERSON:
        work(file_revocation(mia, actor=by_ada, at=at))
    wish = Wish(scope, integration_id=integration.pk, member_id=mia.pk, data_class="metrics")
    ticket = file_deletion(
        wish, actor=by_ada, at=at, confirmation=SUBJECTS[scope], reason="the contract ended"
    )
    steps = list(Step.objects.filter(ticket=ticket).order_by("position").values_list("name"))
    for (step,) in steps:
        killed_in_the_act(ticket, step)
        lease_ends(ticket, now())
    ticket = work(ticket)
    assert ticket.status == Status.ERASED
    assert Certificate.objects.count() == 1
    assert Certificate.objects.get().content["residue"] == 0
    assert Event.objects.filter(name="ticket.erased").count() == 1
    assert not Tally.objects.filter(ticket=ticket).exclude(after=0).exists()
    assert Step.objects.get(ticket=ticket, name="verification").rounds == 1


def test_a_revocation_killed_in_a_step_ends_once(
    ada: Membership, mia: Membership, actor_of: Callable[..., Actor], at: datetime, work: Work
) -> None:
    ticket = file_revocation(mia, actor=actor_of(ada), at=at)
    killed_in_the_act(ticket, "tokens")
    lease_ends(ticket, at)
    assert work(ticket).status == Status.COMPLETED
    assert Event.objects.filter(name="ticket.completed").count() == 1
