"""A downstream system is told, acknowledges at once or later, or never: the whole journey."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from standardwebhooks import Webhook, WebhookVerificationError

from audit.models import Event
from audit.tree import seal_pending
from portal.catalog.models import Integration
from portal.downstream import sending
from portal.downstream.actions import remove_connector, rotate_connector, switch_connector
from portal.downstream.models import Callback, Connector
from portal.fulfilment.models import Certificate
from portal.outbound.client import Client as OutboundClient
from portal.outlets.tasks import send_mail
from portal.tickets import sweeps
from portal.tickets.actions import Evidence, complete_step, file_deletion, file_revocation
from portal.tickets.models import Step, Ticket
from portal.tickets.rules import Scope, Status, StepStatus
from portal.tickets.sweeps import watch_clocks
from portal.ui.waiting import waiting_for
from tenants.access import Actor
from tenants.actions.suspending import suspend_member
from tenants.clock import now
from tenants.models import Membership, Policy
from tests.portal.downstream.conftest import Receiver, Told, Work, step_of, time_goes_by
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)

ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
LATER = b'{"accepted": true}'


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def acknowledge(call: dict[str, Any], body: Any = None) -> Any:
    """As the other system does it: a POST to the address it was told, without a session."""
    path = "/" + call["data"]["acknowledge_url"].split("/", 3)[3]
    sent = body if body is not None else {"acknowledged": True}
    return Client().post(path, sent, content_type="application/json")


class TestAtOnce:
    def test_the_call_is_signed_and_its_answer_ends_the_step(
        self, crm: Told, receiver: Receiver, ada: Membership, mia: Membership,
        actor_of: ActorOf, at: datetime, work: Work,
    ) -> None:  # fmt: skip
        ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
        assert ticket.status == Status.COMPLETED
        [call] = receiver.checked(crm.secret)
        assert call["type"] == "access.revoked"
        assert call["data"]["request"] == ticket.number
        assert call["data"]["subject"]["email"] == mia.email
        assert datetime.fromisoformat(call["data"]["access_blocked_at"]) == ticket.contained_at
        done = step_of(ticket, crm.connector)
        assert (done.status, done.result["tries"]) == (StepStatus.DONE, 1)
        with pytest.raises(WebhookVerificationError):
            Webhook("whsec_" + "A" * 44).verify(receiver.calls[0][1], receiver.calls[0][0])

    def test_a_deletion_tells_it_too_before_the_certificate(
        self, crm: Told, receiver: Receiver, integration: Integration, ada: Membership,
        actor_of: ActorOf, at: datetime, work: Work,
    ) -> None:  # fmt: skip
        Policy.objects.update(cooling_off=timedelta(0))
        ticket = file_deletion(
            Scope.INTEGRATION, actor=actor_of(ada), at=at,
            confirmation=integration.name, integration_id=integration.pk,
        )  # fmt: skip
        assert work(ticket).status == Status.ERASED
        [call] = receiver.checked(crm.secret)
        assert call["type"] == "metadata.deleted"
        assert call["data"]["subject"]["name"] == integration.name
        assert Certificate.objects.filter(ticket=ticket).exists()

    def test_both_secrets_sign_during_a_rotation(
        self, crm: Told, receiver: Receiver, ada: Membership, mia: Membership,
        actor_of: ActorOf, at: datetime, work: Work,
    ) -> None:  # fmt: skip
        _row, fresh = rotate_connector(crm.connector, actor=actor_of(ada), at=now())
        work(file_revocation(mia, actor=actor_of(ada), at=at))
        assert len(receiver.checked(crm.secret)) == len(receiver.checked(fresh)) == 1


class TestLater:
    @pytest.fixture
    def ticket(
        self, crm: Told, receiver: Receiver, ada: Membership, mia: Membership,
        actor_of: ActorOf, at: datetime, work: Work,
    ) -> Ticket:  # fmt: skip
        receiver.body = LATER
        return work(file_revocation(mia, actor=actor_of(ada), at=at))

    def test_it_waits_in_progress_and_is_told_again_with_pauses(
        self, ticket: Ticket, crm: Told, receiver: Receiver, work: Work
    ) -> None:
        assert ticket.status == Status.RUNNING
        waits = step_of(ticket, crm.connector)
        assert (waits.status, waits.error_code) == (StepStatus.WAITING, "not-acknowledged")
        assert waits.wait_until is not None
        assert timedelta(0) < waits.wait_until - now() <= timedelta(seconds=30)
        work(ticket)
        assert len(receiver.calls) == 1
        time_goes_by(ticket, 0.1)
        work(ticket)
        assert len(receiver.calls) == 2
        assert len({headers["webhook-id"] for headers, _body in receiver.calls}) == 1

    def test_an_acknowledgement_closes_it_once(
        self, ticket: Ticket, receiver: Receiver, work: Work
    ) -> None:
        [call] = receiver.told
        assert acknowledge(call).json()["acknowledged"] is True
        assert acknowledge(call).status_code == 200
        assert work(ticket).status == Status.COMPLETED
        assert names().count("ticket.step_acknowledged") == 1
        assert acknowledge(call).status_code == 200
        assert len(receiver.calls) == 1

    def test_what_is_no_acknowledgement_is_refused(
        self, ticket: Ticket, receiver: Receiver
    ) -> None:
        [call] = receiver.told
        for body in ("[]", '{"acknowledged": false}', "no json", '"x"', "[" * 100_000):
            path = "/" + call["data"]["acknowledge_url"].split("/", 3)[3]
            answer = Client().post(path, body, content_type="application/json")
            assert answer.status_code == 400, body[:20]
        for signed in ("x", "a.b.c:d", path.split("/")[2][:-2] + "zz"):
            answer = Client().post(f"/acknowledge/{signed}/", "", content_type="application/json")
            assert answer.status_code == 404
        assert Client().get(path).status_code == 405
        assert not Callback.objects.filter(acknowledged_at__isnull=False).exists()

    def test_ten_acknowledgements_at_once_count_once(
        self, ticket: Ticket, receiver: Receiver, work: Work
    ) -> None:
        [call] = receiver.told
        answers = race(
            [lambda: acknowledge(call).status_code] * 10, organization_id=ticket.organization_id
        )
        assert answers == [200] * 10
        assert names().count("ticket.step_acknowledged") == 1
        assert work(ticket).status == Status.COMPLETED

    def test_one_that_comes_before_our_call_has_returned_is_not_lost(
        self, crm: Told, receiver: Receiver, ada: Membership, aud: Membership,
        actor_of: ActorOf, at: datetime, work: Work,
    ) -> None:  # fmt: skip
        receiver.body, answers = LATER, []

        def at_once(call: dict[str, Any]) -> None:
            answers.append(acknowledge(call).status_code)

        receiver.meanwhile = at_once
        ticket = work(file_revocation(aud, actor=actor_of(ada), at=at))
        assert answers == [200]
        assert ticket.status == Status.COMPLETED


class TestNever:
    """At 75 % a named person is asked, at 100 % it is late, and an acknowledgement closes it."""

    def test_the_whole_journey(
        self, crm: Told, receiver: Receiver, ada: Membership, mia: Membership, sia: Membership,
        actor_of: ActorOf, client_of: ClientOf, at: datetime, work: Work,
    ) -> None:  # fmt: skip
        receiver.status, receiver.body = 503, b"busy"
        ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
        assert ticket.status == Status.RUNNING
        assert waiting_for(actor_of(sia), now()) == []

        time_goes_by(ticket, 0.75)
        ticket = work(ticket)
        self.somebody_is_asked(ticket, step_of(ticket, crm.connector), actor_of(sia))

        time_goes_by(ticket, 1.0)
        tries = len(receiver.calls)
        watch_clocks(now())
        ticket = work(ticket)
        assert len(receiver.calls) == tries  # the clock has ended, and with it the tries
        page = client_of(sia).get(f"/o/acme/requests/{ticket.number}/").content.decode()
        self.it_is_late(ticket, page)

        assert acknowledge(receiver.told[-1]).status_code == 200
        ticket = work(ticket)
        assert ticket.status == Status.COMPLETED
        assert ticket.breached_at is not None
        assert waiting_for(actor_of(sia), now()) == []

    def somebody_is_asked(self, ticket: Ticket, waits: Step, sia: Actor) -> None:
        assert ticket.status == Status.WAITING_INPUT
        assert (waits.assignee, waits.error_code) == (sia.membership, "answered-with-error")
        [item] = waiting_for(sia, now())
        assert (item.due_at, str(waits.pk) in item.url) == (ticket.due_at, True)
        seal_pending(ticket.organization_id)
        send_mail(organization_id=str(ticket.organization_id))
        asked = [m for m in mail.outbox if "needs you" in m.subject]
        assert ["sia@acme.test" in m.to[0] for m in asked] == [True]

    def it_is_late(self, ticket: Ticket, page: str) -> None:
        assert ticket.breached_at == ticket.due_at
        assert "Late." in page
        assert "It is the turn of Sia Fernandes" in page
        assert "Access has been blocked since" in page
        assert names().count("ticket.step_asked") == names().count("ticket.late") == 1

    def test_or_the_person_does_it_there_by_hand(
        self, crm: Told, receiver: Receiver, ada: Membership, mia: Membership, sia: Membership,
        actor_of: ActorOf, at: datetime, work: Work,
    ) -> None:  # fmt: skip
        receiver.body = LATER
        ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
        time_goes_by(ticket, 0.8)
        ticket = work(ticket)
        complete_step(
            step_of(ticket, crm.connector), actor=actor_of(sia), at=now(),
            evidence=Evidence("Removed in the CRM's own screen."),
        )  # fmt: skip
        assert work(ticket).status == Status.COMPLETED
        assert acknowledge(receiver.told[-1]).status_code == 409

    def test_whoever_loses_their_access_is_not_asked_about_it(
        self, crm: Told, receiver: Receiver, ada: Membership, sia: Membership,
        actor_of: ActorOf, at: datetime, work: Work,
    ) -> None:  # fmt: skip
        receiver.body = LATER
        ticket = work(file_revocation(sia, actor=actor_of(ada), at=at))
        time_goes_by(ticket, 0.8)
        ticket = work(ticket)
        assert step_of(ticket, crm.connector).assignee == ada
        assert len(waiting_for(actor_of(ada), now())) == 1

    @pytest.mark.parametrize("how", ["removed", "switched off"])
    def test_a_system_taken_out_is_skipped_with_its_reason(
        self, how: str, crm: Told, receiver: Receiver, ada: Membership, mia: Membership,
        actor_of: ActorOf, at: datetime, work: Work,
    ) -> None:  # fmt: skip
        receiver.body = LATER
        ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
        if how == "removed":
            remove_connector(crm.connector, actor=actor_of(ada), at=now())
        else:
            switch_connector(crm.connector, actor=actor_of(ada), at=now(), on=False)
        assert work(ticket).status == Status.COMPLETED
        skipped = step_of(ticket, crm.connector)
        assert (skipped.status, "reason" in skipped.result) == (StepStatus.SKIPPED, True)


class TestOutward:
    def test_an_address_that_turned_inward_is_never_called(
        self, crm: Told, receiver: Receiver, ada: Membership, mia: Membership,
        actor_of: ActorOf, at: datetime, work: Work, monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        """It was public when it was saved; by now its name leads to loopback."""
        led_inward = OutboundClient(
            resolve=sending.client.resolve, ports=frozenset({receiver.port})
        )
        monkeypatch.setattr(sending, "client", led_inward)
        ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
        assert receiver.calls == []
        assert step_of(ticket, crm.connector).error_code == "address-refused"

    def test_one_that_is_down_does_not_hold_up_another(
        self, crm: Told, doors: Connector, receiver: Receiver, ada: Membership,
        mia: Membership, actor_of: ActorOf, at: datetime, work: Work,
    ) -> None:  # fmt: skip
        receiver.status = 500
        ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
        assert step_of(ticket, doors).is_asking
        assert ticket.status == Status.WAITING_INPUT
        assert Step.objects.get(ticket=ticket, name="places").status == StepStatus.DONE


def test_a_step_does_not_stay_with_somebody_who_left(
    doors: Connector, ada: Membership, max_: Membership, mia: Membership, sia: Membership,
    actor_of: ActorOf, at: datetime, work: Work,
) -> None:  # fmt: skip
    ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
    assert [waiting_for(actor_of(one), now()) for one in (ada, max_)] == [[], []]
    sweeps.reassign_left_steps(now())
    assert step_of(ticket, doors).assignee == sia
    suspend_member(sia, actor=actor_of(ada), at=now())
    # An owner sees it at once, and is asked by name with the next sweep: once.
    [item] = waiting_for(actor_of(ada), now())
    assert (item.reference, item.due_at) == (ticket.number, step_of(ticket, doors).answer_due_at)
    for _turn in range(2):
        sweeps.reassign_left_steps(now())
    assert step_of(ticket, doors).assignee == ada
    assert names().count("ticket.step_asked") == 2
    assert Event.objects.filter(name="ticket.step_asked").latest("id").facts["assignee_id"] == str(
        ada.pk
    )
    assert waiting_for(actor_of(max_), now()) == []


def test_a_person_is_asked_at_once_for_what_is_done_by_hand(
    doors: Connector, ada: Membership, mia: Membership, sia: Membership,
    actor_of: ActorOf, client_of: ClientOf, at: datetime, work: Work,
) -> None:  # fmt: skip
    ticket = work(file_revocation(mia, actor=actor_of(ada), at=at))
    waits = step_of(ticket, doors)
    assert (waits.assignee, waits.evidence_asked) == (sia, "The day, and who did it.")
    assert waits.answer_due_at == ticket.received_at + timedelta(hours=18)
    client, address = client_of(sia), f"/o/acme/requests/{ticket.number}/steps/{waits.pk}/"
    assert "Take them off the door list." in client.get(address).content.decode()
    client.post(address, {"evidence": "Today, by me.", "version": ticket.version})
    assert work(ticket).status == Status.COMPLETED
