"""A disputed read: opened by the customer, answered by a lead, closed; its clock tells once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from audit.refusals import Invalid, NotPermitted
from portal.grants.actions.cases import close_case
from portal.grants.actions.disputing import answer_dispute, close_dispute, open_dispute
from portal.grants.actions.sessions import open_support_session
from portal.grants.door import open_door
from portal.grants.models import AccessRecord, Dispute, Grant
from portal.grants.reading import read_resources
from portal.grants.refusals import AlreadyDisputed, DisputeOpen, IllegalMove, SamePerson
from portal.grants.registrations import disputes_waiting
from portal.grants.rules import Capability
from portal.grants.sweeps import remind_everywhere
from portal.outlets.occasions import BY_LETTER
from tenants.access import Actor
from tenants.models import Membership, Organization
from tests.cast import make_token_text

ActorOf = Callable[..., Actor]
StaffOf = Callable[[Membership], Actor]
ClientOf = Callable[..., Client]
WRONG = "Nobody told us that this table would be looked at."


@pytest.fixture
def read(active: Grant, sam: Membership, staff_of: StaffOf, at: datetime) -> AccessRecord:
    """Sam has read the three resources; one of the records."""
    open_support_session(active, actor=staff_of(sam), at=at)
    with open_door(
        active.pk, visitor=staff_of(sam), at=at, capability=Capability.METADATA, route="test"
    ) as opening:
        read_resources(opening)
    return AccessRecord.objects.order_by("label")[0]


@pytest.fixture
def disputed(read: AccessRecord, sia: Membership, actor_of: ActorOf, at: datetime) -> Dispute:
    return open_dispute(read, actor=actor_of(sia), at=at, reason=WRONG)


class TestOpening:
    def test_makes_a_case_with_a_clock_that_hides_the_name(
        self, disputed: Dispute, read: AccessRecord, at: datetime
    ) -> None:
        assert disputed.due_at == at + timedelta(hours=24)
        assert disputed.case.is_open
        assert read.label not in disputed.case.title + disputed.case.description
        event = Event.objects.get(name="dispute.opened")
        assert event.reference == disputed.case.reference
        assert WRONG not in event.body

    def test_counts_once(
        self, disputed: Dispute, read: AccessRecord, sia: Membership, actor_of: ActorOf,
        at: datetime,
    ) -> None:  # fmt: skip
        with pytest.raises(AlreadyDisputed):
            open_dispute(read, actor=actor_of(sia), at=at, reason=WRONG)
        assert Dispute.objects.count() == 1

    def test_needs_a_reason_and_an_approver(
        self, read: AccessRecord, sia: Membership, mia: Membership, actor_of: ActorOf,
        at: datetime,
    ) -> None:  # fmt: skip
        with pytest.raises(Invalid):
            open_dispute(read, actor=actor_of(sia), at=at, reason="  ")
        with pytest.raises(NotPermitted):
            open_dispute(read, actor=actor_of(mia), at=at, reason=WRONG)
        assert not Dispute.objects.exists()


class TestAnswering:
    def test_is_the_leads_and_waits_for_the_customer(
        self, disputed: Dispute, lea: Membership, sia: Membership, staff_of: StaffOf,
        actor_of: ActorOf, at: datetime,
    ) -> None:  # fmt: skip
        assert disputes_waiting(actor_of(sia), at) == []

        answer_dispute(disputed, actor=staff_of(lea), at=at, answer="It was the wrong table.")

        assert [item.reference for item in disputes_waiting(actor_of(sia), at)] == [
            disputed.case.reference
        ]
        chosen = BY_LETTER["dispute-answered"].choose(
            Event.objects.get(name="dispute.answered"), at
        )
        assert f"member:{sia.pk}" in chosen

    def test_is_never_about_ones_own_read(
        self, disputed: Dispute, sam: Membership, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            answer_dispute(disputed, actor=staff_of(sam), at=at, answer="Mine")
        Grant.objects.filter(pk=disputed.grant_id).update(staff_id=lea.pk)
        with pytest.raises(SamePerson):
            answer_dispute(disputed, actor=staff_of(lea), at=at, answer="Mine")

    def test_happens_once(
        self, disputed: Dispute, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        answer_dispute(disputed, actor=staff_of(lea), at=at, answer="It was needed.")
        with pytest.raises(IllegalMove):
            answer_dispute(disputed, actor=staff_of(lea), at=at, answer="Again")


class TestClosing:
    def test_closes_the_case_and_leaves_the_row_open_to_a_second_dispute(
        self, disputed: Dispute, read: AccessRecord, sia: Membership, actor_of: ActorOf,
        at: datetime,
    ) -> None:  # fmt: skip
        with pytest.raises(DisputeOpen):
            close_case(disputed.case, actor=actor_of(sia), at=at)

        closed = close_dispute(disputed, actor=actor_of(sia), at=at)

        closed.case.refresh_from_db()
        assert not closed.case.is_open
        assert open_dispute(read, actor=actor_of(sia), at=at, reason=WRONG).pk != closed.pk

    def test_is_not_the_vendors(
        self, disputed: Dispute, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted):
            close_dispute(disputed, actor=staff_of(lea), at=at)


class TestClock:
    def test_tells_each_level_once_and_late_once(self, disputed: Dispute, at: datetime) -> None:
        told = []
        for hours in (11, 12, 13, 18, 22, 24, 24, 30):
            remind_everywhere(at + timedelta(hours=hours))
            told.append(Event.objects.filter(name="dispute.escalated").count())

        assert told == [0, 1, 1, 2, 3, 3, 3, 3]
        assert Event.objects.filter(name="dispute.late").count() == 1
        disputed.refresh_from_db()
        assert disputed.breached_at == disputed.due_at

    def test_is_silent_once_answered(
        self, disputed: Dispute, lea: Membership, staff_of: StaffOf, at: datetime
    ) -> None:
        answer_dispute(disputed, actor=staff_of(lea), at=at, answer="It was needed.")

        remind_everywhere(at + timedelta(hours=30))

        assert not Event.objects.filter(name__in=["dispute.escalated", "dispute.late"]).exists()


def test_from_the_button_to_the_close_in_browsers(
    read: AccessRecord, sia: Membership, lea: Membership, sam: Membership, client_of: ClientOf
) -> None:
    customer, lead = client_of(sia), client_of(lea)
    here = "/o/acme/access/DIA-51/log/"
    assert f"{read.pk}/dispute/" in customer.get(here).content.decode()

    assert customer.post(f"{here}{read.pk}/dispute/", {"reason": ""}).status_code == 422
    opened = customer.post(f"{here}{read.pk}/dispute/", {"reason": WRONG})
    case = Dispute.objects.get().case.reference
    assert opened.headers["Location"] == f"/o/acme/access/disputes/{case}/"
    assert case in lead.get("/console/disputes/").content.decode()
    shown = lead.get(f"/console/disputes/acme/{case}/").content.decode()
    assert WRONG in shown
    assert read.label not in shown
    assert client_of(sam).get(f"/console/disputes/acme/{case}/").status_code == 403

    asked = f"/console/disputes/acme/{case}/answer/"
    assert lead.post(asked, {"answer": ""}).status_code == 422
    assert lead.post(asked, {"answer": "It was the wrong table."}).status_code == 302
    page = customer.get(f"/o/acme/access/disputes/{case}/").content.decode()
    assert "It was the wrong table." in page
    assert customer.post(f"/o/acme/access/disputes/{case}/close/").status_code == 302
    assert Dispute.objects.get().status == "closed"
    assert customer.get("/o/acme/access/disputes/").status_code == 200


def test_by_the_api_alone(
    organization: Organization, read: AccessRecord, ada: Membership, lea: Membership,
    client: Client,
) -> None:  # fmt: skip
    def call(who: Membership, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {make_token_text(who)}"}
        if body is None:
            return client.get(f"/api/v1/{path}", headers=headers)
        return client.post(
            f"/api/v1/{path}", body, headers=headers, content_type="application/json"
        )

    body = {"grant": str(read.grant_id), "record": str(read.pk), "reason": WRONG}
    made = call(ada, "disputes", body)
    assert made.status_code == 201, made.json()
    assert made.json()["name"] == read.label
    assert call(ada, "disputes", {**body, "record": str(read.grant_id)}).status_code == 422
    assert call(ada, "disputes", body).status_code == 409

    seen = call(lea, "support/disputes?status=open").json()["results"]
    assert [row["number"] for row in seen] == [made.json()["number"]]
    assert read.label not in str(seen)
    one = made.json()["id"]
    assert call(lea, f"support/disputes/{one}").status_code == 200
    assert call(lea, f"support/disputes/{read.pk}").status_code == 404
    answered = call(lea, f"support/disputes/{one}/answer", {"answer": "Wrong table."})
    assert answered.json()["status"] == "answered"

    assert call(ada, f"disputes/{one}").json()["answer"] == "Wrong table."
    assert call(ada, f"disputes/{one}/close", {}).json()["status"] == "closed"
