"""A step that waits: for a person with evidence, for another system, and what goes on meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, StaleVersion
from portal.fulfilment import work as work_module
from portal.fulfilment.running import run_ticket
from portal.fulfilment.work import Ask, Carrier, Finished, Job, Outcome, Wait
from portal.tickets import plans
from portal.tickets.actions import Evidence, complete_step, file_revocation, note_answer
from portal.tickets.models import Step, Ticket
from portal.tickets.models.ticket import IllegalMove
from portal.tickets.plans import StepPlan
from portal.tickets.rules import Kind, Status, StepStatus
from portal.ui.waiting import waiting_for
from tenants.access import Actor, system_actor
from tenants.actions.tokens import issue_token
from tenants.clock import now
from tenants.commanding import REFUSED, UNUSABLE
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tests.cast import make_member
from tests.portal.fulfilment.conftest import Work
from tests.portal.people.commands import run
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)

ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
DONE = Evidence("Removed from the door list.", "FAC-7")


@dataclass
class Outside:
    """Two things of the world outside: each step asks them how it ends."""

    says: dict[str, Outcome] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def work(self, job: Job) -> Outcome:
        self.asked.append(job.step.title)
        return self.says.get(job.step.title, Finished())


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    """Every revocation filed from now on has two steps more, of one family."""
    made = Outside()
    steps = plans.steps_of(Kind.REVOCATION)
    own = StepPlan("outside:", "Outside", Status.RUNNING)
    at = next(n for n, plan in enumerate(steps) if plan.phase == Status.VERIFYING)
    monkeypatch.setitem(plans._plans, Kind.REVOCATION, (*steps[:at], own, *steps[at:]))
    members = lambda _kind: [("1", "Door list"), ("2", "Payroll")]  # noqa: E731
    monkeypatch.setitem(plans._families, "outside:", members)
    carrier = Carrier(made.work)
    monkeypatch.setitem(work_module._carriers, (Kind.REVOCATION, "outside:"), carrier)
    return made


@pytest.fixture
def ask(sia: Membership, at: datetime) -> Ask:
    return Ask(
        what="Take them off the door list.",
        evidence="The day, and who did it.",
        due_at=at + timedelta(hours=18),
        assignee=sia,
    )


@pytest.fixture
def ticket(
    outside: Outside, ask: Ask, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> Ticket:
    outside.says["Door list"] = Wait(ask=ask)
    return file_revocation(mia, actor=actor_of(ada), at=at)


def step(ticket: Ticket, title: str = "Door list") -> Step:
    found: Step = Step.objects.get(ticket=ticket, title=title)
    return found


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def test_a_step_that_waits_for_a_person_lets_the_others_past_but_not_the_proof(
    ticket: Ticket, work: Work, sia: Membership
) -> None:
    ticket = work(ticket)
    assert ticket.status == Status.WAITING_INPUT
    assert ticket.wake_at is None
    waits = step(ticket)
    assert (waits.status, waits.assignee, waits.is_asking) == (StepStatus.WAITING, sia, True)
    assert step(ticket, "Payroll").status == StepStatus.DONE
    assert Step.objects.get(ticket=ticket, name="proof").status == StepStatus.PENDING
    assert names().count("ticket.step_asked") == names().count("ticket.needs_input") == 1


def test_evidence_ends_it_and_the_proof_follows(
    ticket: Ticket, work: Work, sia: Membership, actor_of: ActorOf
) -> None:
    due = ticket.due_at
    ticket = work(ticket)
    complete_step(step(ticket), actor=actor_of(sia), at=now(), evidence=DONE)
    ticket = work(ticket)
    assert ticket.status == Status.COMPLETED
    assert (ticket.due_at, ticket.paused_seconds) == (due, 0)
    done = step(ticket)
    assert (done.evidence, done.reference) == (DONE.text, DONE.reference)
    assert (done.completer, done.completer_name) == (sia, "Sia Fernandes")
    event = Event.objects.get(name="ticket.step_answered")
    assert DONE.text not in event.body
    assert len(event.facts["evidence_sha256"]) == 64


def test_the_command_line_shows_what_is_asked_and_answers_it(ticket: Ticket, work: Work) -> None:
    ticket = work(ticket)
    place = str(step(ticket).position)
    assert run("requests", "answer", ticket.number, "99", "--evidence", "Gone")[0] == UNUSABLE
    assert run("requests", "answer", ticket.number, place, "--evidence", " ")[0] == UNUSABLE
    shown = run("requests", "show", ticket.number)[1]
    assert f"step {place}, Door list: Waiting; asks: Take them off the door list." in shown
    words = ("answer", ticket.number, place, "--evidence", DONE.text, "--reference", DONE.reference)
    assert run("requests", *words, "--dry-run")[0] == 0
    assert step(ticket).status == StepStatus.WAITING
    assert run("requests", *words)[0] == 0
    assert run("requests", *words)[0] == REFUSED
    done = step(ticket)
    assert (done.status, done.evidence, done.completer) == (StepStatus.DONE, DONE.text, None)
    assert work(ticket).status == Status.COMPLETED


class TestRefused:
    def test_without_the_right(
        self, ticket: Ticket, work: Work, aud: Membership, actor_of: ActorOf
    ) -> None:
        ticket = work(ticket)
        with pytest.raises(NotPermitted):
            complete_step(step(ticket), actor=actor_of(aud), at=now(), evidence=DONE)
        assert step(ticket).status == StepStatus.WAITING

    def test_before_it_waits_and_after_it_is_done(
        self, ticket: Ticket, work: Work, ada: Membership, actor_of: ActorOf
    ) -> None:
        with pytest.raises(IllegalMove):
            complete_step(step(ticket), actor=actor_of(ada), at=now(), evidence=DONE)
        ticket = work(ticket)
        complete_step(step(ticket), actor=actor_of(ada), at=now(), evidence=DONE)
        with pytest.raises(IllegalMove):
            complete_step(step(ticket), actor=actor_of(ada), at=now(), evidence=DONE)
        assert names().count("ticket.step_answered") == 1

    def test_decided_on_an_older_state(
        self, ticket: Ticket, work: Work, ada: Membership, actor_of: ActorOf
    ) -> None:
        seen = ticket.version
        ticket = work(ticket)
        with pytest.raises(StaleVersion):
            complete_step(step(ticket), actor=actor_of(ada), at=now(), evidence=DONE, version=seen)

    @pytest.mark.parametrize(
        ("evidence", "field"),
        [
            (Evidence(" "), "evidence"),
            (Evidence("x" * 2001), "evidence"),
            (Evidence("done", "x" * 501), "reference"),
        ],
    )
    def test_without_what_was_asked_for(
        self,
        evidence: Evidence,
        field: str,
        ticket: Ticket,
        work: Work,
        ada: Membership,
        actor_of: ActorOf,
    ) -> None:
        ticket = work(ticket)
        with pytest.raises(Invalid) as refused:
            complete_step(step(ticket), actor=actor_of(ada), at=now(), evidence=evidence)
        assert set(refused.value.errors) == {field}
        assert step(ticket).status == StepStatus.WAITING

    def test_without_a_reference_where_one_is_needed(
        self, ticket: Ticket, work: Work, ada: Membership, actor_of: ActorOf
    ) -> None:
        ticket = work(ticket)
        Step.objects.filter(pk=step(ticket).pk).update(needs_reference=True)
        with pytest.raises(Invalid) as refused:
            complete_step(step(ticket), actor=actor_of(ada), at=now(), evidence=Evidence("x"))
        assert set(refused.value.errors) == {"reference"}

    def test_what_is_the_vendors(
        self, ticket: Ticket, work: Work, ada: Membership, actor_of: ActorOf
    ) -> None:
        ticket = work(ticket)
        Step.objects.filter(pk=step(ticket).pk).update(is_for_vendor=True, assignee=None)
        with pytest.raises(NotPermitted, match="vendor"):
            complete_step(step(ticket), actor=actor_of(ada), at=now(), evidence=DONE)


def test_ten_at_once_answer_it_once(
    ticket: Ticket, work: Work, ada: Membership, actor_of: ActorOf, organization: Organization
) -> None:
    ticket = work(ticket)
    actor, waits = actor_of(ada), step(ticket)

    def answer() -> object:
        return complete_step(waits, actor=actor, at=now(), evidence=DONE)

    results = race([answer] * 10, organization_id=organization.pk)
    assert sum(isinstance(result, Ticket) for result in results) == 1
    assert sum(isinstance(result, IllegalMove) for result in results) == 9
    assert names().count("ticket.step_answered") == 1


class TestAnotherSystem:
    """It waits for nobody by name: the request stays in progress, and is looked at again."""

    @pytest.fixture
    def ticket(self, ticket: Ticket, outside: Outside, at: datetime) -> Ticket:
        outside.says["Door list"] = Wait(until=at + timedelta(hours=1))
        return ticket

    def test_rests_until_then(self, ticket: Ticket, work: Work, outside: Outside) -> None:
        ticket = work(ticket)
        assert ticket.status == Status.RUNNING
        assert ticket.wake_at == step(ticket).wait_until
        work(ticket)
        assert outside.asked == ["Door list", "Payroll"]

    def test_an_answer_wakes_it(
        self, ticket: Ticket, work: Work, outside: Outside, organization: Organization
    ) -> None:
        ticket = work(ticket)
        outside.says.clear()
        note_answer(step(ticket).pk, actor=system_actor(organization), at=now())
        assert work(ticket).status == Status.COMPLETED

    def test_an_answer_that_comes_while_a_worker_asks_is_not_lost(
        self, ticket: Ticket, work: Work, outside: Outside, organization: Organization, at: datetime
    ) -> None:
        """The other side answers over the API before our call to it has returned."""
        waits = outside.says["Door list"]

        def answered_meanwhile(job: Job) -> Outcome:
            outside.asked.append(job.step.title)
            if outside.asked.count(job.step.title) > 1:
                return Finished()
            note_answer(job.step.pk, actor=system_actor(organization), at=now())
            return waits

        carrier = Carrier(answered_meanwhile)
        work_module._carriers[Kind.REVOCATION, "outside:"] = carrier
        assert work(ticket).status == Status.COMPLETED

    def test_asking_later_names_somebody_once(
        self, ticket: Ticket, work: Work, outside: Outside, ask: Ask, at: datetime
    ) -> None:
        ticket = work(ticket)
        outside.says["Door list"] = Wait(until=at + timedelta(hours=2), ask=ask)
        for _look in range(3):
            past = now() - timedelta(seconds=1)
            Step.objects.filter(pk=step(ticket).pk).update(wait_until=past)
            Ticket.objects.filter(pk=ticket.pk).update(wake_at=past)
            run_ticket(ticket.pk)
            ticket.refresh_from_db()
            assert ticket.status == Status.WAITING_INPUT
        assert names().count("ticket.step_asked") == names().count("ticket.needs_input") == 1
        assert outside.asked.count("Door list") == 4


class TestPage:
    def test_names_whose_turn_it_is_and_takes_the_evidence(
        self, ticket: Ticket, work: Work, sia: Membership, client_of: ClientOf
    ) -> None:
        ticket = work(ticket)
        client, waits = client_of(sia), step(ticket)
        shown = client.get(f"/o/acme/requests/{ticket.number}/").content.decode()
        address = f"/o/acme/requests/{ticket.number}/steps/{waits.pk}/"
        assert "Needs an answer." in shown
        assert "It is the turn of Sia Fernandes" in shown
        assert address in shown
        asked = client.get(address).content.decode()
        assert "Take them off the door list." in asked
        assert "The day, and who did it." in asked
        refused = client.post(address, {"evidence": "", "version": ticket.version})
        assert refused.status_code == 422
        answer = {"evidence": DONE.text, "reference": DONE.reference, "version": ticket.version}
        assert client.post(address, answer).status_code == 302
        assert DONE.text in client.get(address).content.decode()
        assert work(ticket).status == Status.COMPLETED
        assert client.post(address, answer, follow=True).status_code == 200
        assert names().count("ticket.step_answered") == 1

    def test_is_refused_to_others(
        self, ticket: Ticket, work: Work, aud: Membership, ned: Membership, client_of: ClientOf
    ) -> None:
        ticket = work(ticket)
        address = f"/o/acme/requests/{ticket.number}/steps/{step(ticket).pk}/"
        assert client_of(aud).get(address).status_code == 403
        assert client_of(ned).get(address).status_code == 404

    def test_waits_for_whom_it_names(
        self, ticket: Ticket, work: Work, ada: Membership, sia: Membership, actor_of: ActorOf
    ) -> None:
        ticket = work(ticket)
        mine = [item.title for item in waiting_for(actor_of(sia), now())]
        assert mine == ["Door list"]
        assert waiting_for(actor_of(ada), now()) == []


class TestApi:
    def url(self, ticket: Ticket, made: Step) -> str:
        return f"/api/v1/tickets/{ticket.pk}/steps/{made.pk}/complete"

    def headers(self, member: Membership, actor_of: ActorOf, ticket: Ticket) -> dict[str, Any]:
        _row, text = issue_token(
            actor=actor_of(member),
            at=now(),
            name="cli",
            scopes=["ticket:work", "ticket:view"],
            lasts=timedelta(days=1),
        )
        return {
            "HTTP_AUTHORIZATION": f"Bearer {text}",
            "HTTP_IF_MATCH": f'"{ticket.version}"',
            "content_type": "application/json",
        }

    def test_completes(
        self, ticket: Ticket, work: Work, sia: Membership, actor_of: ActorOf, client: Client
    ) -> None:
        ticket = work(ticket)
        headers = self.headers(sia, actor_of, ticket)
        evidence = client.get(f"/api/v1/tickets/{ticket.pk}/evidence", **headers).json()
        waits = next(s for s in evidence["steps"] if s["status"] == "waiting")
        assert (waits["title"], waits["assignee"]) == ("Door list", "Sia Fernandes")
        assert waits["evidence_asked"] == "The day, and who did it."
        url, body = self.url(ticket, step(ticket)), {"evidence": DONE.text}
        stale = {**headers, "HTTP_IF_MATCH": '"1"'}
        assert client.post(url, body, **stale).status_code == 412
        missing = {name: text for name, text in headers.items() if name != "HTTP_IF_MATCH"}
        assert client.post(url, body, **missing).status_code == 428
        assert client.post(url, {"evidence": ""}, **headers).status_code == 422
        assert client.post(url, body, **headers).status_code == 200
        assert work(ticket).status == Status.COMPLETED

    def test_a_step_of_another_request_is_unknown(
        self, ticket: Ticket, work: Work, sia: Membership, ada: Membership, actor_of: ActorOf,
        organization: Organization, client: Client, at: datetime,
    ) -> None:  # fmt: skip
        ticket = work(ticket)
        other = make_member(organization, "Leo Marsh", BuiltInRole.VIEWER)
        second = file_revocation(other, actor=actor_of(ada), at=at)
        headers = self.headers(sia, actor_of, ticket)
        answer = client.post(self.url(ticket, step(second)), {"evidence": "x"}, **headers)
        assert answer.status_code == 404
