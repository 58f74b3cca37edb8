"""Service accounts lose their access by a request, as people do."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from audit.refusals import NotPermitted, StepUpNeeded
from portal.fulfilment.revocation import proving
from portal.tickets.actions import cancel_revocation, file_revocation, reverse_revocation
from portal.tickets.models import Finding, Step, Ticket
from portal.tickets.rules import Status
from tenants.access import Actor
from tenants.clock import shifted
from tenants.models import ApiToken, Membership, ServiceAccount
from tests.cast import make_machine, make_token_text
from tests.portal.fulfilment.conftest import Work

pytestmark = pytest.mark.django_db(transaction=True)

ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]


@pytest.fixture
def machine(ada: Membership) -> ServiceAccount:
    return make_machine(ada, role="editor")


@pytest.fixture
def api(machine: ServiceAccount, at: datetime) -> Client:
    return Client(headers={"Authorization": f"Bearer {token_of(machine, at)}"})


def token_of(machine: ServiceAccount, at: datetime) -> str:
    text = make_token_text(machine.owner)
    ApiToken.objects.filter(owner=machine.owner, service_account=None).update(
        service_account=machine, kind=ApiToken.Kind.SERVICE
    )
    return text


def test_it_stops_at_once_and_each_token_is_refused(
    ada: Membership,
    machine: ServiceAccount,
    api: Client,
    actor_of: ActorOf,
    at: datetime,
    work: Work,
) -> None:
    assert api.get("/api/v1/me").status_code == 200
    ticket = file_revocation(machine, actor=actor_of(ada), at=at, reason="leaked")
    assert (ticket.subject_kind, ticket.subject_label) == ("service_account", machine.name)
    assert (ticket.status, ticket.contained_at) == (Status.CONTAINED, at)
    assert api.get("/api/v1/me").status_code == 401
    steps = Step.objects.filter(ticket=ticket).order_by("position").values_list("name", flat=True)
    assert list(steps) == ["credentials", "tokens", "machine", "proof"]
    done = work(ticket)
    assert done.status == Status.COMPLETED
    assert list(Finding.objects.values_list("kind", "answer")) == [("token", "refused")]
    machine.refresh_from_db()
    assert machine.deleted_at is not None
    assert ApiToken.objects.get().revoked_at is not None
    ada.refresh_from_db()
    assert ada.is_active(at=at)


def test_a_token_that_works_again_keeps_the_request_open(
    ada: Membership,
    machine: ServiceAccount,
    api: Client,
    actor_of: ActorOf,
    at: datetime,
    work: Work,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Somebody opens it between the steps and the proof: repaired, and then refused."""
    opened: list[int] = []
    real = proving.try_credential

    def open_first(*args: Any) -> Any:
        if not opened:
            opened.append(1)
            ServiceAccount.objects.update(deleted_at=None, suspended_at=None)
            ApiToken.objects.update(revoked_at=None)
        return real(*args)

    monkeypatch.setattr(proving, "try_credential", open_first)
    done = work(file_revocation(machine, actor=actor_of(ada), at=at))
    assert done.status == Status.COMPLETED
    assert Step.objects.get(ticket=done, name="proof").rounds == 2
    assert api.get("/api/v1/me").status_code == 401


def test_planned_it_stops_by_itself(
    ada: Membership,
    machine: ServiceAccount,
    api: Client,
    actor_of: ActorOf,
    at: datetime,
    work: Work,
) -> None:
    when = at + timedelta(minutes=10)
    ticket = file_revocation(machine, actor=actor_of(ada), at=at, effective_at=when)
    assert work(ticket).status == Status.SCHEDULED
    assert api.get("/api/v1/me").status_code == 200
    with shifted(timedelta(minutes=11)):
        assert api.get("/api/v1/me").status_code == 401
        assert work(ticket).contained_at == when
    assert ticket.status == Status.COMPLETED


def test_cancelled_or_taken_back_it_works_again_without_an_old_token(
    ada: Membership,
    machine: ServiceAccount,
    api: Client,
    actor_of: ActorOf,
    at: datetime,
) -> None:
    actor, when = actor_of(ada), at + timedelta(days=1)
    planned = file_revocation(machine, actor=actor, at=at, effective_at=when)
    cancel_revocation(planned, actor=actor, at=at)
    machine.refresh_from_db()
    assert machine.is_active(at=when)
    ticket = file_revocation(machine, actor=actor, at=at)
    reverse_revocation(ticket, actor=actor, at=at)
    machine.refresh_from_db()
    assert machine.is_active(at=at)
    assert api.get("/api/v1/me").status_code == 401


def test_who_may_not_revoke_may_not_stop_it_by_a_request(
    ada: Membership, aud: Membership, machine: ServiceAccount, actor_of: ActorOf, at: datetime
) -> None:
    with pytest.raises(NotPermitted):
        file_revocation(machine, actor=actor_of(aud), at=at)
    unproven = actor_of(ada, stepped_up=False)
    with pytest.raises(StepUpNeeded):
        file_revocation(machine, actor=unproven, at=at)
    machine.refresh_from_db()
    assert machine.is_active(at=at)
    assert not Ticket.objects.exists()


def test_from_its_page_with_a_look_at_what_goes(
    ada: Membership, machine: ServiceAccount, api: Client, client_of: ClientOf
) -> None:
    browser = client_of(ada)
    shown = browser.get(f"/o/acme/service-accounts/{machine.pk}/").text
    where = f"/o/acme/requests/revoke/?account={machine.pk}"
    assert where in shown
    before = browser.get(where).text
    assert "1 API token stops working" in before
    assert "what it did keeps its name" in before
    assert not Ticket.objects.exists()
    after = browser.post(where, {"reason": "leaked"}, follow=True).text
    assert f"Stop the service account {machine.name}" in after
    assert "Choose the person" in browser.get("/o/acme/requests/revoke/?account=x").text


def test_the_preview_of_a_person_names_the_machines_that_stop_with_them(
    ada: Membership, max_: Membership, client_of: ClientOf
) -> None:
    make_machine(max_, role="viewer", name="Loader")
    shown = client_of(ada).get(f"/o/acme/requests/revoke/?member={max_.pk}").text
    assert "1 service account stops" in shown
    assert "Loader" in shown


@pytest.mark.parametrize("named", [0, 2, "foreign"])
def test_over_the_api_exactly_one_that_is_there_is_named(
    named: object,
    ada: Membership,
    mia: Membership,
    ned: Membership,
    machine: ServiceAccount,
    client_of: ClientOf,
) -> None:
    client_of(ada)
    both = {"member": str(mia.pk), "service_account": str(machine.pk)}
    bodies: dict[object, dict[str, str]] = {
        0: {},
        2: both,
        "foreign": {"service_account": str(ned.pk)},
    }
    caller = Client(headers={"Authorization": f"Bearer {make_token_text(ada)}"})
    where = "/api/v1/tickets/revocations"
    answer = caller.post(where, bodies[named], content_type="application/json")
    assert answer.status_code == 422
    assert not Ticket.objects.exists()
    body = {"service_account": str(machine.pk)}
    done = caller.post(where, body, content_type="application/json")
    assert (done.status_code, done.json()["subject"]["kind"]) == (201, "service_account")
