"""The vendor's steps by hand: seen without content, opened in the customer's log, answered."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.models import Event
from portal.tickets.actions import Evidence, complete_step
from portal.tickets.models import Step, Ticket
from portal.tickets.rules import Status, StepStatus
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tests.cast import make_member, make_organization, make_token_text
from tests.portal.tickets.test_list import make_ticket

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
SECRETS = ("Leaver REV", "Ada Okafor", "secret reason", "Badge readers")


@pytest.fixture
def vendor(organization: Organization) -> Organization:
    return make_organization("gatehouse", name="Gatehouse", kind="vendor")


@pytest.fixture
def ola(vendor: Organization) -> Membership:
    return make_member(vendor, "Ola Operator", BuiltInRole.OPERATOR)


@pytest.fixture
def sam_(vendor: Organization) -> Membership:
    return make_member(vendor, "Sam Engineer", BuiltInRole.SUPPORT_ENGINEER)


def make_step(number: str, at: datetime, **given: object) -> Step:
    ticket = make_ticket(
        number, left=timedelta(hours=4), at=at, reason="secret reason",
        status="blocked" if given["status"] == "blocked" else "waiting_input",
    )  # fmt: skip
    facts = {"name": "sessions", "title": "Badge readers", "started_at": at, "position": 1}
    made: Step = Step.objects.create(ticket=ticket, **facts, **given)
    return made


@pytest.fixture
def stopped(ada: Membership) -> Step:
    return make_step("REV-1", now(), status="blocked", error_code="storage-busy", attempts=8)


@pytest.fixture
def asked(ada: Membership) -> Step:
    return make_step(
        "REV-2", now(), status="waiting", is_for_vendor=True, asks="Erase the copy at the mirror.",
        evidence_asked="The mirror's receipt", needs_reference=True, waiting_since=now(),
        answer_due_at=now() + timedelta(hours=1),
    )  # fmt: skip


def told(name: str) -> list[Event]:
    return list(Event.objects.filter(name=name).order_by("id"))


def test_the_pages_show_what_the_instruction_needs_and_the_customer_sees_each_opening(
    stopped: Step, asked: Step, ola: Membership, client_of: ClientOf
) -> None:
    browser, one = client_of(ola), f"/console/steps/{asked.pk}/"
    listed = browser.get("/console/steps/").text
    assert listed.index("REV-2") < listed.index("REV-1")
    shown = browser.get(one).text
    for words in (
        "Acme Health",
        "REV-2",
        "Erase the copy at the mirror.",
        "The mirror&#x27;s rece",
    ):
        assert words in shown
    assert not [word for word in SECRETS if word in listed + shown]
    [opening] = told("ticket.step_opened")
    assert (opening.reference, opening.facts["step_name"]) == ("REV-2", "sessions")
    browser.post(f"{one}take/")
    assert "Ola Operator" in browser.get("/console/steps/").text
    assert len(told("ticket.step_taken")) == 1

    assert browser.post(f"{one}answer/", {"evidence": "Gone"}).status_code == 422
    browser.post(f"{one}answer/", {"evidence": "Gone", "reference": "M-7"})
    asked.refresh_from_db()
    assert (asked.status, asked.completer_name) == (StepStatus.DONE, "Ola Operator")
    assert browser.get(one).status_code == 404


def test_a_step_that_stopped_is_tried_again_once_somebody_says_what_was_done(
    stopped: Step, ola: Membership, vendor: Organization
) -> None:
    caller = Client(headers={"Authorization": f"Bearer {make_token_text(ola)}"})
    where = f"/api/v1/support/steps/{stopped.pk}"
    [row] = caller.get("/api/v1/support/steps").json()["results"]
    assert (row["organization"], row["error_code"], row["attempts"]) == (
        "Acme Health",
        "storage-busy",
        8,
    )
    assert caller.get(where).json()["step"] == "End sessions"
    assert not [word for word in SECRETS if word in json.dumps(row)]
    taken = caller.post(f"{where}/take", {}, content_type="application/json")
    assert taken.json()["assignee"].startswith("Ola Operator")
    said = {"evidence": "The disk was full."}
    done = caller.post(f"{where}/complete", said, content_type="application/json")
    assert (done.status_code, done.json()["number"]) == (200, "REV-1")
    stopped.refresh_from_db()
    ticket = Ticket.objects.get(number="REV-1")
    assert (stopped.attempts, stopped.evidence) == (0, "The disk was full.")
    assert ticket.wake_at is not None
    assert ticket.wake_at <= now()
    assert [len(told(f"ticket.{name}")) for name in ("step_opened", "resumed")] == [1, 1]


def test_what_a_step_asks_is_not_in_the_list_which_no_customer_sees_opened(
    asked: Step, ola: Membership, vendor: Organization
) -> None:
    caller = Client(headers={"Authorization": f"Bearer {make_token_text(ola)}"})

    listed = caller.get("/api/v1/support/steps").text
    assert "mirror" not in listed
    assert told("ticket.step_opened") == []
    opened = caller.get(f"/api/v1/support/steps/{asked.pk}").json()
    assert opened["asks"] == "Erase the copy at the mirror."
    assert len(told("ticket.step_opened")) == 1


def test_nobody_else_sees_or_answers_them(
    stopped: Step, asked: Step, ada: Membership, sam_: Membership, client_of: ClientOf,
    actor_of: Callable[..., Actor],
) -> None:  # fmt: skip
    for member, status in ((sam_, 403), (ada, 404)):
        browser = client_of(member)
        for path in ("/console/steps/", f"/console/steps/{asked.pk}/"):
            assert browser.get(path).status_code == status
        caller = Client(headers={"Authorization": f"Bearer {make_token_text(member)}"})
        assert caller.get(f"/api/v1/support/steps/{asked.pk}").status_code == status
    assert told("ticket.step_opened") == []
    own = actor_of(ada)
    with pytest.raises(Exception, match="vendor's"):
        complete_step(asked, actor=own, at=now(), evidence=Evidence("I did", "M-1"))
    assert Ticket.objects.get(number="REV-2").status == Status.WAITING_INPUT
