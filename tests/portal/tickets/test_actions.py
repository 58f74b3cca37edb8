"""Filing, confirming, withdrawing: permitted, refused, illegal, and what the log says."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, StaleVersion, StepUpNeeded
from portal.catalog.models import Integration
from portal.tickets import rules, stores
from portal.tickets.actions import (
    confirm_deletion,
    escalate_ticket,
    file_deletion,
    file_revocation,
    lapse_confirmation,
    retry_ticket,
    withdraw_deletion,
)
from portal.tickets.freezing import WritesFrozen, refuse_if_frozen
from portal.tickets.models import Escalation, Step, Ticket
from portal.tickets.models.ticket import IllegalMove
from portal.tickets.rules import Kind, Scope, Status
from tenants.access import Actor, system_actor
from tenants.actions.guards import LastOwner
from tenants.models import Membership, Organization, Policy

pytestmark = pytest.mark.django_db

ActorOf = Callable[..., Actor]


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def file(actor: Actor, at: datetime, **changes: Any) -> Ticket:
    values: dict[str, Any] = {"confirmation": "Acme Health", **changes}
    return file_deletion(values.pop("scope", Scope.ALL_METADATA), actor=actor, at=at, **values)


class TestRevocation:
    def test_contains_first_and_opens_with_a_clock(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        ticket = file_revocation(mia, actor=actor_of(ada), at=at, reason="left")
        mia.refresh_from_db()
        assert not mia.is_active(at=at)
        assert ticket.number == "REV-1001"
        assert ticket.contained_at == at
        assert ticket.due_at == at + timedelta(hours=24)
        assert names()[-2:] == ["member.contained", "ticket.opened"]

    @pytest.mark.parametrize(
        ("ends", "suspended", "blocked"),
        [(-5, None, -5), (-5, -2, -5), (24, -2, -2), (24, None, 0)],
    )
    def test_access_that_had_ended_before_is_told_by_its_real_end(
        self,
        ends: int,
        suspended: int | None,
        blocked: int,
        ada: Membership,
        mia: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        mia.access_ends_at = at + timedelta(hours=ends)
        if suspended is not None:
            mia.contain(at=at + timedelta(hours=suspended))
        mia.save()
        ticket = file_revocation(mia, actor=actor_of(ada), at=at)
        assert ticket.contained_at == at + timedelta(hours=blocked)

    def test_asking_twice_gives_the_same_request(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        first = file_revocation(mia, actor=actor_of(ada), at=at)
        assert file_revocation(mia, actor=actor_of(ada), at=at) == first
        assert Ticket.objects.count() == 1
        assert names()[-1] == "ticket.attached"

    def test_nobody_revokes_themselves(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted, match="your own"):
            file_revocation(max_, actor=actor_of(max_), at=at)

    def test_an_admin_does_not_revoke_an_owner(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted, match="owner"):
            file_revocation(ada, actor=actor_of(max_), at=at)

    def test_the_last_owner_stays_and_nothing_is_written(
        self, organization: Organization, ada: Membership, at: datetime
    ) -> None:
        with pytest.raises(LastOwner):
            file_revocation(ada, actor=system_actor(organization), at=at)
        assert not Ticket.objects.exists()
        ada.refresh_from_db()
        assert ada.is_active(at=at)

    def test_a_viewer_may_not(
        self, ada: Membership, mia: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            file_revocation(max_, actor=actor_of(mia), at=at)
        assert names()[-1] == "action.refused"

    def test_needs_a_step_up(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(StepUpNeeded):
            file_revocation(mia, actor=actor_of(ada, stepped_up=False), at=at)


class TestDeletion:
    def test_starts_with_a_cooling_off(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        ticket = file(actor_of(ada), at)
        assert ticket.number == "DEL-301"
        assert ticket.status == Status.COOLING_OFF
        assert ticket.cooling_off_until == at + timedelta(minutes=15)
        assert Step.objects.filter(ticket=ticket).count() == 7

    def test_the_name_must_be_typed(self, ada: Membership, actor_of: ActorOf, at: datetime) -> None:
        with pytest.raises(Invalid) as refused:
            file(actor_of(ada), at, confirmation="acme health")
        assert "confirmation" in refused.value.errors

    def test_an_integration_is_confirmed_by_its_own_name(
        self, ada: Membership, integration: Integration, actor_of: ActorOf, at: datetime
    ) -> None:
        wanted = {"scope": Scope.INTEGRATION, "integration_id": integration.pk}
        with pytest.raises(Invalid):
            file(actor_of(ada), at, **wanted)
        ticket = file(actor_of(ada), at, confirmation="Warehouse", **wanted)
        assert ticket.subject_id == integration.pk

    def test_withdrawn_while_nothing_is_destroyed(
        self, ada: Membership, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        ticket = withdraw_deletion(file(actor_of(ada), at), actor=actor_of(sia), at=at)
        assert (ticket.status, ticket.ended_at) == (Status.WITHDRAWN, at)
        with pytest.raises(IllegalMove):
            withdraw_deletion(ticket, actor=actor_of(sia), at=at)

    def test_a_stale_page_withdraws_nothing(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(StaleVersion):
            withdraw_deletion(file(actor_of(ada), at), actor=actor_of(ada), at=at, version=9)

    def test_a_second_person_confirms_and_the_clock_stood_still(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        Policy.objects.update(second_person_for_deletion=True)
        ticket = file(actor_of(ada), at)
        assert ticket.status == Status.AWAITING_SECOND
        with pytest.raises(NotPermitted):
            confirm_deletion(ticket, actor=actor_of(ada), at=at)
        later = at + timedelta(hours=3)
        ticket = confirm_deletion(ticket, actor=actor_of(max_), at=later)
        assert ticket.status == Status.COOLING_OFF
        assert ticket.due_at == at + timedelta(hours=27)
        assert ticket.confirmer_name == "Max Lindqvist"

    def test_an_unanswered_one_lapses_after_72_hours(
        self, organization: Organization, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        Policy.objects.update(second_person_for_deletion=True)
        ticket, system = file(actor_of(ada), at), system_actor(organization)
        early = at + timedelta(hours=71)
        assert lapse_confirmation(ticket, actor=system, at=early).is_open
        late = at + timedelta(hours=72)
        assert lapse_confirmation(ticket, actor=system, at=late).status == Status.WITHDRAWN

    def test_writes_are_held_back_only_while_it_works(
        self, ada: Membership, integration: Integration, actor_of: ActorOf, at: datetime
    ) -> None:
        ticket = file(actor_of(ada), at)
        refuse_if_frozen(integration.pk)
        Ticket.objects.filter(pk=ticket.pk).update(status=Status.INVENTORY, started_at=at)
        with pytest.raises(WritesFrozen, match="DEL-301"):
            refuse_if_frozen(integration.pk)

    def test_only_a_stopped_request_is_woken(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(IllegalMove):
            retry_ticket(file(actor_of(ada), at), actor=actor_of(ada), at=at)


class TestClock:
    def test_each_level_is_told_exactly_once(
        self,
        organization: Organization,
        ada: Membership,
        mia: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        ticket = file_revocation(mia, actor=actor_of(ada), at=at)
        system = system_actor(organization)
        told = [
            escalate_ticket(ticket, actor=system, at=at + timedelta(hours=hours))
            for hours in (11, 12, 12, 22, 25, 26)
        ]
        assert told == [[], [50], [], [75, 90], [100], []]
        assert Escalation.objects.count() == 4
        assert names().count("ticket.late") == 1
        ticket.refresh_from_db()
        assert ticket.breached_at == ticket.due_at

    def test_a_paused_clock_escalates_nothing(
        self, organization: Organization, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        Policy.objects.update(second_person_for_deletion=True)
        ticket = file(actor_of(ada), at)
        later = at + timedelta(hours=30)
        assert escalate_ticket(ticket, actor=system_actor(organization), at=later) == []
        assert not ticket.is_late(later)

    def test_levels_count_from_the_second_yes(
        self,
        organization: Organization,
        ada: Membership,
        max_: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        Policy.objects.update(second_person_for_deletion=True)
        yes = at + timedelta(hours=70)
        ticket = confirm_deletion(file(actor_of(ada), at), actor=actor_of(max_), at=yes)
        told = [
            escalate_ticket(
                ticket, actor=system_actor(organization), at=yes + timedelta(hours=hours)
            )
            for hours in (0, 11, 12, 18, 25)
        ]
        assert told == [[], [], [50], [75], [90, 100]]


@pytest.mark.parametrize("kind", list(Kind))
def test_an_illegal_move_is_refused_and_changes_nothing(kind: Kind, at: datetime) -> None:
    due = rules.due_at(at)
    for before, after in product(rules.TRANSITIONS[kind], Status):
        if rules.may_move(kind, before, after):
            continue
        ticket = Ticket(kind=kind, status=before, number="X-1", received_at=at, due_at=due)
        with pytest.raises(IllegalMove):
            ticket.move(after, at=at)
        assert (ticket.status, ticket.version) == (before, 1)


@pytest.mark.parametrize(
    "lie",
    [
        {"status": Status.COMPLETED},
        {"status": Status.ERASED, "met_at": None},
        {"contained_at": None},
        {"status": Status.RUNNING},
        {"met_at": datetime.fromisoformat("2026-01-01T00:00:00Z")},
    ],
)
def test_the_database_refuses_a_status_its_timestamps_do_not_carry(
    lie: dict[str, Any], ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    ticket = file_revocation(mia, actor=actor_of(ada), at=at)
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.filter(pk=ticket.pk).update(**lie)


def test_two_open_requests_about_one_person_cannot_exist(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    ticket = file_revocation(mia, actor=actor_of(ada), at=at)
    ticket.pk, ticket.number = None, "REV-9999"
    with pytest.raises(IntegrityError), transaction.atomic():
        Ticket.objects.bulk_create([ticket])


def test_nothing_that_stays_holds_on_to_what_goes() -> None:
    assert stores.loose_ends() == []
