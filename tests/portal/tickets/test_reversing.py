"""A revocation is taken back as long as nothing is destroyed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from audit.refusals import NotPermitted, Refusal, StaleVersion, StepUpNeeded
from portal.fulfilment.actions import LeaseLost, claim_step
from portal.fulfilment.running import _piece as carry
from portal.fulfilment.running import run_ticket
from portal.tickets.actions import file_revocation, reverse_revocation
from portal.tickets.models import Step, Ticket
from portal.tickets.models.ticket import IllegalMove
from portal.tickets.rules import Status
from tenants.access import Actor, system_actor
from tenants.actions.suspending import suspend_member
from tenants.models import Membership, Organization, Team, TeamMember
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization, make_token_text
from tests.portal.fulfilment.conftest import Work
from tests.racing import race

ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]


@pytest.fixture
def filed(ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime) -> Ticket:
    return file_revocation(mia, actor=actor_of(ada), at=at)


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


@pytest.mark.django_db
class TestTakingBack:
    def test_the_membership_holds_again_and_nothing_old_comes_back(
        self,
        ada: Membership,
        max_: Membership,
        actor_of: ActorOf,
        client_of: ClientOf,
        at: datetime,
    ) -> None:
        ends = at + timedelta(days=9)
        Membership.objects.filter(pk=max_.pk).update(access_ends_at=ends)
        team = Team.objects.create(name="Data", created_at=at)
        TeamMember.objects.create(team=team, membership=max_)
        browser = client_of(max_)
        api = Client(headers={"Authorization": f"Bearer {make_token_text(max_)}"})
        ticket = file_revocation(max_, actor=actor_of(ada), at=at)
        back = reverse_revocation(ticket, actor=actor_of(ada), at=at, version=ticket.version)
        assert (back.status, back.ended_at, back.wake_at) == (Status.REVERSED, at, None)
        max_.refresh_from_db()
        assert max_.is_active(at=at)
        assert (max_.role, max_.access_ends_at) == (BuiltInRole.ADMIN, ends)
        assert TeamMember.objects.filter(membership=max_).exists()
        # The old session opens nothing: the way leads to signing in.
        assert browser.get("/o/acme/")["Location"].startswith("/workspaces/acme/")
        assert api.get("/api/v1/me").status_code == 401
        assert names()[-2:] == ["member.reinstated", "ticket.reversed"]

    def test_access_that_had_ended_before_stays_ended(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        suspend_member(mia, actor=actor_of(ada), at=at - timedelta(hours=1))
        ticket = file_revocation(mia, actor=actor_of(ada), at=at)
        reverse_revocation(ticket, actor=actor_of(ada), at=at)
        mia.refresh_from_db()
        assert mia.status == Membership.Status.SUSPENDED

    def test_once_something_is_destroyed_there_is_no_way_back(
        self, filed: Ticket, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        Ticket.objects.filter(pk=filed.pk).update(
            destroyed_at=at, status=Status.RUNNING, started_at=at
        )
        with pytest.raises(IllegalMove, match="destroyed"):
            reverse_revocation(filed, actor=actor_of(ada), at=at)
        mia.refresh_from_db()
        assert not mia.is_active(at=at)

    def test_not_of_what_is_only_scheduled_or_over(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        later = at + timedelta(days=1)
        ticket = file_revocation(mia, actor=actor_of(ada), at=at, effective_at=later)
        with pytest.raises(IllegalMove):
            reverse_revocation(ticket, actor=actor_of(ada), at=at)

    def test_stale_not_permitted_not_proven_nothing_happens(
        self,
        filed: Ticket,
        ada: Membership,
        mia: Membership,
        aud: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        with pytest.raises(StaleVersion):
            reverse_revocation(filed, actor=actor_of(ada), at=at, version=filed.version + 1)
        unproven = actor_of(ada, stepped_up=False)
        with pytest.raises(StepUpNeeded):
            reverse_revocation(filed, actor=unproven, at=at)
        with pytest.raises(NotPermitted):
            reverse_revocation(filed, actor=actor_of(aud), at=at)
        mia.refresh_from_db()
        filed.refresh_from_db()
        assert filed.status == Status.CONTAINED
        assert not mia.is_active(at=at)

    def test_nobody_gives_back_more_than_they_hold(
        self,
        organization: Organization,
        ada: Membership,
        max_: Membership,
        sia: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        ticket = file_revocation(max_, actor=actor_of(ada), at=at)
        with pytest.raises(NotPermitted):
            reverse_revocation(ticket, actor=actor_of(sia), at=at)
        ticket.refresh_from_db()
        assert ticket.status == Status.CONTAINED

    def test_a_worker_in_the_middle_of_a_step_loses_it(
        self,
        organization: Organization,
        filed: Ticket,
        ada: Membership,
        mia: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        system = system_actor(organization)
        job = claim_step(filed.pk, actor=system, at=at, bulk=False)
        assert job is not None
        reverse_revocation(filed, actor=actor_of(ada), at=at)
        with pytest.raises(LeaseLost):
            carry(job, actor=system)
        assert claim_step(filed.pk, actor=system, at=at, bulk=False) is None
        assert not Step.objects.filter(ticket=filed, status="running").exists()

    def test_from_the_page(
        self,
        filed: Ticket,
        ada: Membership,
        aud: Membership,
        client_of: ClientOf,
    ) -> None:
        path = f"/o/acme/requests/{filed.number}/"
        assert "Take the request back" not in client_of(aud).get(path).text
        assert client_of(aud).post(f"{path}reverse/").status_code == 403
        unproven = client_of(ada, stepped_up=False).post(f"{path}reverse/")
        assert unproven["Location"].startswith("/o/acme/step-up/")
        browser = client_of(ada)
        assert "Take the request back" in browser.get(path).text
        shown = browser.post(f"{path}reverse/", {"version": filed.version}, follow=True).text
        assert "is taken back" in shown
        assert "Take the request back" not in shown
        filed.refresh_from_db()
        assert filed.status == Status.REVERSED

    def test_over_the_api(
        self, filed: Ticket, ada: Membership, ned: Membership, client_of: ClientOf
    ) -> None:
        client_of(ada)
        where = f"/api/v1/tickets/{filed.pk}/reverse"

        def call(member: Membership, version: str) -> Any:
            api = Client(headers={"Authorization": f"Bearer {make_token_text(member)}"})
            headers = {"If-Match": version} if version else {}
            return api.post(where, {}, content_type="application/json", headers=headers)

        assert call(ned, '"1"').status_code == 404
        assert call(ada, "").status_code == 428
        assert call(ada, '"99"').status_code == 412
        done = call(ada, f'"{filed.version}"')
        assert (done.status_code, done.json()["status"]) == (200, "reversed")
        assert call(ada, done["ETag"]).status_code == 409


@pytest.mark.django_db(transaction=True)
def test_a_finished_one_is_not_taken_back(
    filed: Ticket, ada: Membership, actor_of: ActorOf, work: Work, at: datetime
) -> None:
    assert work(filed).status == Status.COMPLETED
    with pytest.raises(IllegalMove):
        reverse_revocation(filed, actor=actor_of(ada), at=at)


@pytest.mark.django_db(transaction=True)
def test_taking_back_and_carrying_out_at_once_ends_in_one_of_both(
    actor_of: ActorOf, at: datetime
) -> None:
    organization = make_organization("acme")
    ada = make_member(organization, "Ada Okafor", BuiltInRole.OWNER)
    mia = make_member(organization, "Mia Castellan", BuiltInRole.VIEWER)
    with organization_scope(organization.pk):
        ticket = file_revocation(mia, actor=actor_of(ada), at=at)
    attempts: list[Callable[[], object]] = [
        partial(reverse_revocation, ticket, actor=actor_of(ada), at=at),
        partial(run_ticket, ticket.pk),
    ]
    results = race(attempts * 10, organization_id=organization.pk)
    unexpected = [r for r in results if isinstance(r, Exception) and not isinstance(r, Refusal)]
    assert unexpected == []
    with organization_scope(organization.pk):
        ticket.refresh_from_db()
        mia.refresh_from_db()
        taken_back = ticket.status == Status.REVERSED
        assert mia.is_active(at=at) == taken_back
        assert (ticket.destroyed_at is None) == taken_back
        assert names().count("ticket.reversed") == int(taken_back)
