"""What holds of requests whatever happens to them, in whatever order."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from audit.models import Event
from audit.names import EventName
from portal.fulfilment import owing
from portal.fulfilment.actions import LeaseLost, claim_step, fail_step, settle_step
from portal.fulfilment.models import Certificate
from portal.fulfilment.running import run_ticket
from portal.fulfilment.work import Finished, Job
from portal.tickets import rules, sweeps
from portal.tickets.actions import (
    confirm_deletion,
    file_deletion,
    file_revocation,
    retry_ticket,
    withdraw_deletion,
)
from portal.tickets.models import Escalation, Finding, Step, Tally, Ticket
from portal.tickets.rules import Scope, Status
from tenants.access import Actor, system_actor
from tenants.clock import now
from tenants.models import Membership, Policy
from tenants.permissions import BuiltInRole
from tests.portal.fulfilment.conftest import make_integration
from tests.stateful import Workspace, run, tried

E_ = EventName
# Each of them is one change of a request's state, and there is no other way to change one.
MOVES = (
    E_.TICKET_CONFIRMED,
    E_.TICKET_WITHDRAWN,
    E_.TICKET_STARTED,
    E_.TICKET_RESUMED,
    E_.TICKET_VERIFYING,
    E_.TICKET_BLOCKED,
    E_.TICKET_NEEDS_INPUT,
    E_.TICKET_REPAIRED,
    E_.TICKET_COMPLETED,
    E_.TICKET_ERASED,
)
NUMBERS = st.integers(min_value=0, max_value=9)


class Requests(Workspace):
    """Revocations of three people and deletions of two integrations."""

    jobs: list[Job]

    @initialize(second_person=st.booleans())
    def begin(self, *, second_person: bool) -> None:
        self.jobs = []
        with self.at_work():
            names = ("Mia Castellan", "Ned Carver", "Pia Weber")
            self.people = [self.member(name, BuiltInRole.VIEWER) for name in names]
            self.integrations = [
                make_integration(self.ada, now(), name=name, size=3) for name in ("Shop", "Lake")
            ]
            Policy.objects.update(
                second_person_for_deletion=second_person, cooling_off=timedelta(minutes=15)
            )

    @rule(who=NUMBERS, by=st.booleans())
    def file_revocation(self, *, who: int, by: bool) -> None:
        with self.at_work():
            person = Membership.objects.get(pk=self.people[who % 3].pk)
            actor = self.actor(self.ada if by else self.max)
            tried(lambda: file_revocation(person, actor=actor, at=now()))

    @rule(which=NUMBERS, by=st.booleans())
    def file_deletion(self, *, which: int, by: bool) -> None:
        with self.at_work():
            integration = self.integrations[which % 2]
            actor = self.actor(self.ada if by else self.max)
            tried(
                lambda: file_deletion(
                    Scope.INTEGRATION,
                    actor=actor,
                    at=now(),
                    confirmation=integration.name,
                    integration_id=integration.pk,
                )
            )

    @precondition(lambda self: self._any())
    @rule(which=NUMBERS, by=st.booleans(), verb=st.sampled_from(("confirm", "withdraw", "retry")))
    def decide(self, *, which: int, by: bool, verb: str) -> None:
        verbs: dict[str, Any] = {
            "confirm": confirm_deletion, "withdraw": withdraw_deletion, "retry": retry_ticket,
        }  # fmt: skip
        with self.at_work():
            ticket, actor = self._ticket(which), self.actor(self.ada if by else self.max)
            before = _state(ticket)
            if not tried(lambda: verbs[verb](ticket, actor=actor, at=now())):
                assert _state(ticket) == before

    @precondition(lambda self: self._any())
    @rule(which=NUMBERS, bulk=st.booleans())
    def work(self, *, which: int, bulk: bool) -> None:
        with self.at_work():
            run_ticket(self._ticket(which).pk, bulk=bulk)

    @precondition(lambda self: self._any())
    @rule(which=NUMBERS, bulk=st.booleans())
    def take_and_die(self, *, which: int, bulk: bool) -> None:
        """The worker that took the step is never heard of, or wakes up much later."""
        with self.at_work():
            job = claim_step(self._ticket(which).pk, actor=self._system(), at=now(), bulk=bulk)
            self.jobs += [job] if job else []

    @precondition(lambda self: self._any())
    @rule(which=NUMBERS, bulk=st.booleans())
    def take_and_fail(self, *, which: int, bulk: bool) -> None:
        with self.at_work():
            job = claim_step(self._ticket(which).pk, actor=self._system(), at=now(), bulk=bulk)
            if job is not None:
                fail_step(job, actor=self._system(), at=now(), code="test")

    @precondition(lambda self: bool(self.jobs))
    @rule()
    def wake_up_late(self) -> None:
        """A worker that lost its lease changes nothing; one that holds it still may fail."""
        with self.at_work():
            job = self.jobs.pop(0)
            is_ours = Step.objects.filter(pk=job.step.pk, lease_holder=job.holder).exists()
            before = _state(job.ticket)
            if is_ours:
                fail_step(job, actor=self._system(), at=now(), code="late")
                return
            with pytest.raises(LeaseLost):
                settle_step(job, Finished(), actor=self._system(), at=now())
            assert _state(job.ticket) == before

    @precondition(lambda self: self._any())
    @rule(which=NUMBERS)
    def repeat_what_has_ended(self, *, which: int) -> None:
        with self.at_work():
            ticket = self._ticket(which)
            if ticket.is_open:
                return
            before, events = _state(ticket), Event.objects.count()
            for bulk in (False, True, False):
                run_ticket(ticket.pk, bulk=bulk)
            assert (_state(ticket), Event.objects.count()) == (before, events)

    @rule(by=st.sampled_from((31, 15 * 60, 3600, 13 * 3600, 25 * 3600)))
    def time_passes(self, *, by: int) -> None:
        self.hours += timedelta(seconds=by)

    @rule()
    def sweep(self) -> None:
        with self.at_work():
            for _time in range(2):
                sweeps.wake_due(now())
                sweeps.watch_clocks(now())

    @invariant()
    def at_most_one_is_open(self) -> None:
        open_ = Ticket.objects.still_open().values_list("kind", "subject_kind", "subject_id")
        assert max(Counter(open_).values(), default=0) <= 1

    @invariant()
    def every_change_of_state_is_in_the_log_once(self) -> None:
        for ticket in Ticket.objects.all():
            events = list(Event.objects.filter(target_id=ticket.pk).order_by("id"))
            names = Counter(event.name for event in events)
            moves = sum(names[name.value] for name in MOVES)
            moves += sum(_plans_a_retry(event) for event in events)
            assert moves == ticket.version - 1, (ticket.status, names)
            assert names[E_.TICKET_OPENED] == 1

    @invariant()
    def each_level_is_told_once(self) -> None:
        told = Event.objects.filter(
            organization_id=self.organization.pk, name__in=[E_.TICKET_ESCALATED, E_.TICKET_LATE]
        )
        kept = Escalation.objects.values_list("ticket_id", "level")
        assert Counter((e.target_id, e.facts["level"]) for e in told) == Counter(kept)

    @invariant()
    def what_ended_is_proven(self) -> None:
        for ticket in Ticket.objects.filter(status__in=sorted(rules.FULFILLED)):
            assert not Finding.objects.filter(ticket=ticket).exclude(answer="refused").exists()
            assert not Tally.objects.filter(ticket=ticket).exclude(after=0).exists()
            certificates = Certificate.objects.filter(ticket=ticket).count()
            assert certificates == (ticket.status == Status.ERASED)

    @invariant()
    def the_clock_is_right_and_somebody_owns_the_place(self) -> None:
        for ticket in Ticket.objects.all():
            assert ticket.due_at == ticket.running_from + rules.TIME_TO_FULFIL
            if ticket.met_at is not None:
                assert (ticket.breached_at is not None) == (ticket.met_at > ticket.due_at)
        assert Membership.objects.filter(role=BuiltInRole.OWNER, status="active").exists()

    def _any(self) -> bool:
        return bool(Ticket.objects.exists())

    def _ticket(self, which: int) -> Ticket:
        tickets = list(Ticket.objects.order_by("id"))
        return tickets[which % len(tickets)]

    def _system(self) -> Actor:
        return system_actor(self.organization)


def _plans_a_retry(event: Event) -> bool:
    """A failure with attempts left is a change of state; the last one is told as a stop."""
    is_failure = event.name == E_.TICKET_STEP_FAILED
    return is_failure and event.facts["attempt"] < rules.MAXIMUM_ATTEMPTS


def _state(ticket: Ticket) -> list[object]:
    now_ = Ticket.objects.values_list("status", "version", "met_at", "due_at").get(pk=ticket.pk)
    steps = Step.objects.filter(ticket=ticket).order_by("position")
    return [now_, *steps.values_list("status", "attempts", "rounds", "lease_holder", "done")]


@pytest.fixture(autouse=True)
def _ledger_of_its_own(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.LEDGER_FOLDER = tmp_path / "ledger"
    owing.forget()
    yield
    owing.forget()


@pytest.mark.django_db(transaction=True)
def test_the_invariants_of_requests() -> None:
    run(Requests, thorough=False)


@pytest.mark.thorough
@pytest.mark.django_db(transaction=True)
def test_the_invariants_of_requests_at_length() -> None:
    run(Requests, thorough=True)
