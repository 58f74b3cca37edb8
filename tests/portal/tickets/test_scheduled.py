"""Revocations at an instant to come: filed, brought forward, cancelled, and true by themselves."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from audit.models import Event
from audit.names import EventName
from audit.refusals import Invalid, NotPermitted, Refusal, StaleVersion, StepUpNeeded
from portal.fulfilment.running import run_ticket
from portal.home.figures import figures_for
from portal.tickets.actions import (
    begin_revocation,
    cancel_revocation,
    escalate_ticket,
    file_revocation,
    hasten_revocation,
)
from portal.tickets.models import Ticket
from portal.tickets.models.ticket import IllegalMove
from portal.tickets.rules import Status
from tenants.access import Actor, system_actor
from tenants.actions.ends import set_access_end
from tenants.actions.guards import LastOwner
from tenants.actions.members import reinstate_member
from tenants.actions.suspending import suspend_member
from tenants.clock import shifted
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization
from tests.portal.fulfilment.conftest import Work
from tests.racing import race

ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
SOON = timedelta(minutes=10)
PASSED = timedelta(minutes=11)


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


@pytest.fixture
def planned(ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime) -> Ticket:
    return file_revocation(mia, actor=actor_of(ada), at=at, effective_at=at + SOON)


@pytest.mark.django_db
class TestFiling:
    def test_access_stands_and_the_clock_counts_from_the_instant(
        self, planned: Ticket, mia: Membership, at: datetime
    ) -> None:
        mia.refresh_from_db()
        assert mia.is_active(at=at)
        assert mia.is_active(at=at + SOON - timedelta(microseconds=1))
        assert not mia.is_active(at=at + SOON)
        assert planned.status == Status.SCHEDULED
        assert (planned.filed_at, planned.received_at, planned.wake_at) == (
            at,
            at + SOON,
            at + SOON,
        )
        assert planned.due_at == at + SOON + timedelta(hours=24)
        assert planned.contained_at is None
        assert names()[-2:] == ["member.block_planned", "ticket.opened"]

    @pytest.mark.parametrize(
        "ahead", [timedelta(0), timedelta(seconds=-1), timedelta(days=365, seconds=1)]
    )
    def test_an_instant_that_does_not_fit_is_refused(
        self,
        ahead: timedelta,
        ada: Membership,
        mia: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        with pytest.raises(Invalid) as refused:
            file_revocation(mia, actor=actor_of(ada), at=at, effective_at=at + ahead)
        assert "effective_at" in refused.value.errors
        mia.refresh_from_db()
        assert (mia.blocked_from, Ticket.objects.count()) == (None, 0)

    def test_a_year_ahead_fits(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        year = at + timedelta(days=365)
        ticket = file_revocation(mia, actor=actor_of(ada), at=at, effective_at=year)
        assert ticket.scheduled_for == year

    def test_who_may_not_revoke_may_not_plan_it_either(
        self, ada: Membership, mia: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        for member, actor in ((ada, max_), (max_, mia), (max_, max_)):
            with pytest.raises(NotPermitted):
                file_revocation(member, actor=actor_of(actor), at=at, effective_at=at + SOON)
        by = actor_of(ada, stepped_up=False)
        with pytest.raises(StepUpNeeded):
            file_revocation(mia, actor=by, at=at, effective_at=at + SOON)
        assert not Ticket.objects.exists()

    def test_the_last_owner_who_stays_cannot_be_planned_away(
        self, organization: Organization, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(LastOwner):
            file_revocation(
                ada, actor=system_actor(organization), at=at, effective_at=at + timedelta(days=3)
            )
        bea = make_member(organization, "Bea Osei", BuiltInRole.OWNER)
        file_revocation(ada, actor=actor_of(bea), at=at, effective_at=at + timedelta(days=3))
        # Ada is an owner until then, but not one who stays: Bea cannot go as well.
        for leave in (
            partial(file_revocation, bea, effective_at=at + timedelta(days=9)),
            partial(file_revocation, bea),
            partial(suspend_member, bea),
            partial(set_access_end, bea, ends_at=at + timedelta(days=9)),
        ):
            with pytest.raises(LastOwner):
                leave(actor=system_actor(organization), at=at)

    def test_filing_again_only_ever_brings_it_forward(
        self, planned: Ticket, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        again = partial(file_revocation, mia, actor=actor_of(ada), at=at)
        later = again(effective_at=at + timedelta(days=2))
        assert (later.pk, later.received_at) == (planned.pk, at + SOON)
        assert names()[-1] == "ticket.attached"
        sooner = again(effective_at=at + timedelta(minutes=1))
        assert (sooner.pk, sooner.received_at) == (planned.pk, at + timedelta(minutes=1))
        assert names()[-1] == "ticket.rescheduled"
        at_once = again()
        assert (at_once.pk, at_once.status) == (planned.pk, Status.CONTAINED)
        assert at_once.contained_at == at_once.received_at == at
        assert at_once.due_at == at + timedelta(hours=24)
        mia.refresh_from_db()
        assert not mia.is_active(at=at)
        assert Ticket.objects.count() == 1


@pytest.mark.django_db
class TestStanding:
    """What others do meanwhile does not open what was planned to be shut."""

    def test_a_lifted_end_does_not_lift_the_plan(
        self, planned: Ticket, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        set_access_end(mia, actor=actor_of(ada), at=at, ends_at=at + timedelta(days=90))
        set_access_end(mia, actor=actor_of(ada), at=at, ends_at=None)
        mia.refresh_from_db()
        assert not mia.is_active(at=at + SOON)

    def test_suspended_and_let_in_again_the_plan_stands(
        self, planned: Ticket, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        suspend_member(mia, actor=actor_of(ada), at=at)
        reinstate_member(mia, actor=actor_of(ada), at=at)
        mia.refresh_from_db()
        assert mia.is_active(at=at)
        assert not mia.is_active(at=at + SOON)

    def test_of_somebody_suspended_the_real_end_is_told(
        self,
        organization: Organization,
        planned: Ticket,
        ada: Membership,
        mia: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        suspend_member(mia, actor=actor_of(ada), at=at)
        begun = begin_revocation(planned, actor=system_actor(organization), at=at + PASSED)
        assert begun.contained_at == at
        assert begun.received_at == at + SOON

    def test_nothing_begins_too_early_or_twice(
        self, organization: Organization, planned: Ticket, at: datetime
    ) -> None:
        system = system_actor(organization)
        assert begin_revocation(planned, actor=system, at=at).status == Status.SCHEDULED
        first = begin_revocation(planned, actor=system, at=at + PASSED)
        again = begin_revocation(planned, actor=system, at=at + timedelta(hours=1))
        assert (first.status, again.version) == (Status.CONTAINED, first.version)
        assert first.contained_at == first.received_at == at + SOON
        assert names().count("ticket.contained") == 1

    def test_a_worker_that_is_late_makes_the_request_late(
        self, organization: Organization, planned: Ticket, at: datetime
    ) -> None:
        system, due = system_actor(organization), planned.due_at
        assert escalate_ticket(planned, actor=system, at=at) == []
        assert not planned.is_at_risk(at)
        assert escalate_ticket(planned, actor=system, at=due + SOON) == [50, 75, 90, 100]
        begun = begin_revocation(planned, actor=system, at=due + SOON)
        assert begun.due_at == due
        assert begun.is_late(due + SOON)

    def test_the_clock_of_the_home_page_does_not_count_it_yet(
        self, planned: Ticket, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        assert figures_for(actor_of(ada), at, [])[0].tone == "neutral"
        assert figures_for(actor_of(ada), planned.due_at, [])[0].tone == "warn"
        assert Ticket.objects.unmet(at).count() == 0
        assert Ticket.objects.unmet(at + SOON).count() == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"scheduled_for": None},
            {"wake_at": None},
            {"contained_at": "at"},
            {"status": Status.CONTAINED},
            {"received_at": "at"},
        ],
    )
    def test_the_database_holds_status_and_instants_together(
        self, change: dict[str, Any], planned: Ticket, at: datetime
    ) -> None:
        values = {name: at if value == "at" else value for name, value in change.items()}
        with pytest.raises(IntegrityError), transaction.atomic():
            Ticket.objects.filter(pk=planned.pk).update(**values)


@pytest.mark.django_db
class TestDeciding:
    def test_cancelled_the_access_stands(
        self, planned: Ticket, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        ended = cancel_revocation(planned, actor=actor_of(ada), at=at, version=planned.version)
        assert (ended.status, ended.ended_at) == (Status.WITHDRAWN, at)
        mia.refresh_from_db()
        assert mia.is_active(at=at + timedelta(days=30))
        assert names()[-2:] == ["member.block_given_up", "ticket.withdrawn"]
        with pytest.raises(IllegalMove):
            cancel_revocation(planned, actor=actor_of(ada), at=at)
        # The way is free for another one.
        again = file_revocation(mia, actor=actor_of(ada), at=at)
        assert (again.previous_id, again.status) == (planned.pk, Status.CONTAINED)

    def test_not_once_the_instant_has_come(
        self, planned: Ticket, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(IllegalMove, match="already"):
            cancel_revocation(planned, actor=actor_of(ada), at=at + SOON)
        mia.refresh_from_db()
        assert not mia.is_active(at=at + SOON)

    def test_now_means_now(
        self, planned: Ticket, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        now = at + timedelta(minutes=2)
        ticket = hasten_revocation(planned, actor=actor_of(ada), at=now)
        assert (ticket.status, ticket.contained_at) == (Status.CONTAINED, now)
        assert (ticket.received_at, ticket.filed_at) == (now, at)
        mia.refresh_from_db()
        assert (mia.status, mia.contained_at) == (Membership.Status.SUSPENDED, now)
        with pytest.raises(IllegalMove, match="not scheduled"):
            hasten_revocation(ticket, actor=actor_of(ada), at=now)
        sooner = Event.objects.get(name=EventName.TICKET_RESCHEDULED)
        assert (sooner.actor_id, sooner.facts["after"]) == (ada.pk, now.isoformat())

    @pytest.mark.parametrize("decide", [hasten_revocation, cancel_revocation])
    def test_stale_not_permitted_not_proven_nothing_happens(
        self,
        decide: Any,
        planned: Ticket,
        ada: Membership,
        mia: Membership,
        aud: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        with pytest.raises(StaleVersion):
            decide(planned, actor=actor_of(ada), at=at, version=planned.version + 1)
        with pytest.raises(StepUpNeeded):
            decide(planned, actor=actor_of(ada, stepped_up=False), at=at)
        for member in (mia, aud):
            with pytest.raises(NotPermitted):
                decide(planned, actor=actor_of(member), at=at)
        planned.refresh_from_db()
        assert planned.status == Status.SCHEDULED

    @pytest.mark.parametrize("decide", [hasten_revocation, cancel_revocation])
    def test_nobody_decides_about_their_own_end(
        self,
        decide: Any,
        ada: Membership,
        max_: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        ticket = file_revocation(max_, actor=actor_of(ada), at=at, effective_at=at + SOON)
        with pytest.raises(NotPermitted, match="your own"):
            decide(ticket, actor=actor_of(max_), at=at)


@pytest.mark.django_db(transaction=True)
def test_the_worker_picks_it_up_at_its_instant_and_proves_it(
    planned: Ticket, mia: Membership, work: Work, at: datetime
) -> None:
    assert work(planned).status == Status.SCHEDULED
    with shifted(PASSED):
        ticket = work(planned)
    assert ticket.status == Status.COMPLETED
    assert ticket.contained_at == ticket.received_at == at + SOON
    mia.refresh_from_db()
    assert (mia.status, mia.contained_at) == (Membership.Status.REVOKED, at + SOON)
    assert mia.blocked_from is None


@pytest.mark.django_db(transaction=True)
def test_fifty_decisions_at_once_have_one_effect(actor_of: ActorOf, at: datetime) -> None:
    organization = make_organization("acme")
    ada = make_member(organization, "Ada Okafor", BuiltInRole.OWNER)
    mia = make_member(organization, "Mia Castellan", BuiltInRole.VIEWER)
    actor = actor_of(ada)
    with organization_scope(organization.pk):
        ticket = file_revocation(mia, actor=actor, at=at, effective_at=at + SOON)
    attempts: list[Callable[[], object]] = [
        partial(cancel_revocation, ticket, actor=actor, at=at),
        partial(hasten_revocation, ticket, actor=actor, at=at),
        partial(file_revocation, mia, actor=actor, at=at),
        partial(run_ticket, ticket.pk),
    ]
    results = race((attempts * 13)[:50], organization_id=organization.pk)
    unexpected = [r for r in results if isinstance(r, Exception) and not isinstance(r, Refusal)]
    assert unexpected == []
    with organization_scope(organization.pk):
        mia.refresh_from_db()
        still_open = Ticket.objects.still_open().for_subject("revocation", mia.pk)
        # Whoever asked for it now got it, whether the plan was cancelled before or not.
        assert mia.status != Membership.Status.ACTIVE
        assert still_open.count() + Ticket.objects.filter(status=Status.COMPLETED).count() == 1
        assert names().count("member.contained") == 1


@pytest.mark.django_db(transaction=True)
def test_two_owners_planning_each_others_end_leave_one(actor_of: ActorOf, at: datetime) -> None:
    organization = make_organization("acme")
    ada = make_member(organization, "Ada Okafor", BuiltInRole.OWNER)
    bea = make_member(organization, "Bea Osei", BuiltInRole.OWNER)
    when = at + timedelta(days=1)
    attempts: list[Callable[[], object]] = [
        partial(file_revocation, bea, actor=actor_of(ada), at=at, effective_at=when),
        partial(file_revocation, ada, actor=actor_of(bea), at=at, effective_at=when),
    ]
    results = race(attempts * 10, organization_id=organization.pk)
    assert sum(isinstance(r, Ticket) for r in results) == 10
    with organization_scope(organization.pk):
        assert Membership.objects.owners(at=when).count() == 1
