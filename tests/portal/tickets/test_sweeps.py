"""The sweeps: lost messages are sent again, and time running out is told once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from prometheus_client import generate_latest

from audit.models import Event
from portal.tickets import sweeps
from portal.tickets.actions import file_deletion, file_revocation
from portal.tickets.metrics import TicketCollector
from portal.tickets.models import Escalation, Ticket
from portal.tickets.rules import Scope
from tenants.access import Actor
from tenants.models import Membership
from tenants.scoping import organization_scope, system_scope
from tests.portal.tickets.test_list import done, make_ticket, stopped
from tests.racing import race

pytestmark = pytest.mark.django_db

ActorOf = Callable[..., Actor]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What goes to the broker, in place of one."""
    messages: list[str] = []

    def note(_job: object, **ids: Any) -> None:
        messages.append(ids["ticket_id"])

    monkeypatch.setattr(sweeps, "enqueue", note)
    return messages


def test_a_lost_message_is_sent_again_but_not_all_the_time(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime, sent: list[str]
) -> None:
    ticket = file_revocation(mia, actor=actor_of(ada), at=at)
    for seconds in (0, 5, 10, 31):
        sweeps.wake_due(at + timedelta(seconds=seconds))
    assert sent == [str(ticket.pk)] * 2


def test_after_a_setback_of_the_clock_work_goes_on_at_once(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime, sent: list[str]
) -> None:
    hour = timedelta(hours=1)
    ticket = file_revocation(mia, actor=actor_of(ada), at=at - 2 * hour)
    sweeps.wake_due(at)
    Ticket.objects.filter(pk=ticket.pk).update(wake_at=at + timedelta(seconds=30))
    sweeps.wake_due(at - hour)
    assert sent == [str(ticket.pk)]
    sweeps.bring_forward(at - hour)
    sweeps.wake_due(at - hour)
    assert sent == [str(ticket.pk)] * 2


def test_what_a_clock_filed_before_it_was_set_back_is_woken_without_a_sweep_in_between(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime, sent: list[str]
) -> None:
    ticket = file_revocation(mia, actor=actor_of(ada), at=at)
    sweeps.wake_due(at - timedelta(hours=1))
    assert sent == [str(ticket.pk)]


def test_a_setback_of_the_clock_shortens_no_cooling_off(
    ada: Membership, actor_of: ActorOf, at: datetime, sent: list[str]
) -> None:
    ticket = file_deletion(
        Scope.ALL_METADATA, actor=actor_of(ada), at=at, confirmation="Acme Health"
    )
    sweeps.bring_forward(at - timedelta(hours=1))
    assert Ticket.objects.get(pk=ticket.pk).wake_at == ticket.cooling_off_until


def test_a_deletion_is_woken_when_its_cooling_off_ends(
    ada: Membership, actor_of: ActorOf, at: datetime, sent: list[str]
) -> None:
    ticket = file_deletion(
        Scope.ALL_METADATA, actor=actor_of(ada), at=at, confirmation="Acme Health"
    )
    sweeps.wake_due(at + timedelta(minutes=14))
    assert sent == []
    sweeps.wake_due(at + timedelta(minutes=15))
    assert sent == [str(ticket.pk)]


def test_time_running_out_is_told_once_in_each_organization(
    ada: Membership, mia: Membership, ned: Membership, actor_of: ActorOf, at: datetime
) -> None:
    file_revocation(mia, actor=actor_of(ada), at=at)
    with organization_scope(ned.organization_id):
        theirs = file_deletion(
            Scope.ALL_METADATA, actor=actor_of(ned), at=at, confirmation="Globex Retail"
        )
    for hours in (1, 13, 13, 25, 25):
        sweeps.watch_clocks(at + timedelta(hours=hours))
    assert Escalation.objects.count() == 4
    with system_scope("test"):
        assert Event.objects.filter(name="ticket.late").count() == 2
    with organization_scope(ned.organization_id):
        assert Ticket.objects.get().breached_at == theirs.due_at


@pytest.mark.django_db(transaction=True)
def test_each_level_is_told_once_by_three_sweeps_at_once_and_after_a_setback(
    ada: Membership, mia: Membership, max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    for one in (mia, max_):
        file_revocation(one, actor=actor_of(ada), at=at)
    hour = timedelta(hours=1)
    for passed in (12 * hour, 18 * hour, 17 * hour, 21.6 * hour, 24.1 * hour, 20 * hour, 25 * hour):
        look = partial(sweeps.watch_clocks, at + passed)
        assert race([look] * 3, organization_id=ada.organization_id) == [None] * 3
    levels = Escalation.objects.order_by("ticket_id", "level").values_list("level", flat=True)
    assert list(levels) == [50, 75, 90, 100] * 2
    told = Event.objects.filter(name__in=["ticket.escalated", "ticket.late"])
    assert sorted(event.facts["level"] for event in told) == [50, 50, 75, 75, 90, 90, 100, 100]


def test_the_metric_counts_by_clock_and_names_nobody(
    ada: Membership, ned: Membership, at: datetime
) -> None:
    hour = timedelta(hours=1)
    for number, left in (("REV-1", 20), ("REV-2", 5), ("REV-3", -1)):
        make_ticket(number, left=left * hour, at=at)
    with organization_scope(ned.organization_id):
        make_ticket("REV-1", left=-hour, at=at, status="blocked")
        make_ticket("DEL-1", left=-hour, at=at, **stopped(at))
        make_ticket("REV-4", left=hour, at=at, **done(at))
    counted = TicketCollector().collect()
    lines = {tuple(s.labels.values()): s.value for one in counted for s in one.samples}
    said = {key: int(value) for key, value in lines.items() if value}
    assert said == {
        ("revocation", "in_time"): 1,
        ("revocation", "at_risk"): 1,
        ("revocation", "late"): 2,
        ("revocation", "stopped"): 1,
        ("deletion", "paused"): 1,
    }
    assert b"gatehouse_requests" in generate_latest()
