"""The rehearsal's own tools: they file what they say, and they see what they must see."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from audit.names import EventName
from audit.recorder import record
from portal.demo.chaos import judging, submitting
from portal.fulfilment.running import run_ticket
from portal.tickets.models import Ticket
from tenants.access import system_actor
from tenants.clock import now
from tenants.models import Organization
from tenants.scoping import organization_scope

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def demo(settings: Any) -> None:
    settings.DEMO = True


def run(name: str, *words: str) -> Any:
    out = StringIO()
    call_command(name, *words, stdout=out)
    return json.loads(out.getvalue())


def finished(organization: Organization) -> list[Ticket]:
    with organization_scope(organization.pk):
        for ticket in Ticket.objects.all():
            run_ticket(ticket.pk)
        return list(Ticket.objects.order_by("id"))


@pytest.mark.parametrize("words", [("chaos_submit", "3"), ("chaos_status",)])
def test_neither_works_outside_the_demo(words: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="set DEMO=true"):
        call_command(*words)
    assert not Organization.objects.exists()


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("count", ["0", "-1", "100001"])
def test_a_wild_number_is_refused(count: str) -> None:
    with pytest.raises(CommandError, match="from 1 to"):
        call_command("chaos_submit", "--", count)
    assert not Organization.objects.exists()


@pytest.mark.usefixtures("demo")
def test_without_a_submission_there_is_nothing_to_judge() -> None:
    with pytest.raises(CommandError, match="chaos_submit"):
        call_command("chaos_status")


@pytest.mark.usefixtures("demo")
def test_what_was_filed_is_counted_open_and_then_done() -> None:
    numbers = run("chaos_submit", "2")
    assert numbers == ["REV-1001", "REV-1002"]
    assert run("chaos_status", "--expected", "2")["still_open"] == 2
    finished(submitting.build_firm(now()))
    verdict = run("chaos_status", "--expected", "2")
    assert (verdict["done"], verdict["still_open"], verdict["done_twice"]) == (2, 0, [])


@pytest.mark.usefixtures("demo")
def test_people_alone_keep_their_access() -> None:
    assert len(run("chaos_submit", "2", "--people-only")) == 2
    assert run("chaos_status")["filed"] == 0


def lose_one(organization: Organization) -> None:
    """A number that somebody was told and that is not there."""


def tell_twice(organization: Organization) -> None:
    ticket = Ticket.objects.order_by("id")[0]
    record(EventName.TICKET_COMPLETED, actor=system_actor(organization), target=ticket)


def end_a_step_twice(organization: Organization) -> None:
    ticket, actor = Ticket.objects.order_by("id")[0], system_actor(organization)
    record(EventName.TICKET_STEP_FINISHED, actor=actor, target=ticket, step_name="sessions")


def escalate_without_a_row(organization: Organization) -> None:
    ticket, actor = Ticket.objects.order_by("id")[0], system_actor(organization)
    record(EventName.TICKET_ESCALATED, actor=actor, target=ticket, level=50)


def move_a_clock(organization: Organization) -> None:
    ticket = Ticket.objects.order_by("id")[0]
    Ticket.objects.filter(pk=ticket.pk).update(due_at=ticket.due_at.replace(microsecond=1))


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("harm", "seen"),
    [
        (lose_one, "lost"),
        (tell_twice, "done_twice"),
        (end_a_step_twice, "done_twice"),
        (escalate_without_a_row, "done_twice"),
        (move_a_clock, "wrong_clocks"),
    ],
)
def test_the_judge_sees_what_is_wrong(harm: Callable[[Organization], None], seen: str) -> None:
    call_command("chaos_submit", "1", stdout=StringIO())
    organization = submitting.build_firm(now())
    finished(organization)
    with organization_scope(organization.pk), transaction.atomic():
        harm(organization)
    verdict = judging.judge(organization, expected=2 if harm is lose_one else 1)
    assert getattr(verdict, seen)
    assert not verdict.is_clean
    with pytest.raises(SystemExit):
        call_command("chaos_status", "--expected", "2", stdout=StringIO())
