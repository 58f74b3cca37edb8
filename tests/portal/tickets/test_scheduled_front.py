"""Revocations at an instant to come, through the pages and the API."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from portal.tickets.actions import file_revocation
from portal.tickets.models import Ticket
from portal.tickets.rules import Status
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.clock import shifted
from tenants.models import Membership
from tests.cast import make_token_text

ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
SOON = timedelta(minutes=10)
PASSED = timedelta(minutes=11)


@pytest.fixture
def planned(ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime) -> Ticket:
    return file_revocation(mia, actor=actor_of(ada), at=at, effective_at=at + SOON)


@pytest.mark.django_db
class TestPages:
    def test_filed_shown_and_cancelled(
        self, ada: Membership, mia: Membership, client_of: ClientOf, at: datetime
    ) -> None:
        browser = client_of(ada)
        where = f"/o/acme/requests/revoke/?member={mia.pk}"
        assert "datetime-local" in browser.get(where).text
        when = at + timedelta(days=2)
        form = {"reason": "leaves", "effective_at": f"{when:%Y-%m-%dT%H:%M}"}
        shown = browser.post(where, form, follow=True).text
        ticket = Ticket.objects.get()
        assert ticket.received_at == when.replace(second=0, microsecond=0)
        assert "Scheduled" in shown
        assert "Access still stands." in shown
        assert "Scheduled" in browser.get("/o/acme/requests/").text
        path = f"/o/acme/requests/{ticket.number}/"
        browser.post(f"{path}cancel/", {"version": ticket.version + 7})
        ticket.refresh_from_db()
        assert ticket.status == Status.SCHEDULED
        done = browser.post(f"{path}cancel/", {"version": ticket.version}, follow=True).text
        assert "Access stands." in done
        assert "access was never blocked" in done

    @pytest.mark.parametrize(
        ("typed", "said"),
        [("2001-01-01T10:00", "Choose a time to come"), ("9999-12-31T23:59", "within the next")],
    )
    def test_a_time_that_does_not_fit_is_said_at_its_field(
        self, typed: str, said: str, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        browser = client_of(ada)
        where = f"/o/acme/requests/revoke/?member={mia.pk}"
        answer = browser.post(where, {"effective_at": typed})
        assert answer.status_code == 422
        assert said in answer.text
        assert browser.post(where, {"effective_at": "tomorrow"}).status_code == 422
        assert not Ticket.objects.exists()

    def test_brought_forward_from_the_page(
        self, planned: Ticket, ada: Membership, client_of: ClientOf
    ) -> None:
        path = f"/o/acme/requests/{planned.number}/"
        shown = client_of(ada).post(f"{path}hasten/", {"version": planned.version}, follow=True)
        assert "Access is blocked now." in shown.text
        planned.refresh_from_db()
        assert planned.status == Status.CONTAINED

    def test_deciding_asks_for_a_step_up_and_for_the_right(
        self, planned: Ticket, ada: Membership, aud: Membership, client_of: ClientOf
    ) -> None:
        path = f"/o/acme/requests/{planned.number}/"
        for verb in ("cancel", "hasten"):
            answer = client_of(ada, stepped_up=False).post(f"{path}{verb}/")
            assert answer["Location"].startswith("/o/acme/step-up/")
            assert client_of(aud).post(f"{path}{verb}/").status_code == 403
        assert "Block access now" not in client_of(aud).get(path).text

    def test_with_every_worker_dead_access_ends_and_the_page_says_so(
        self, planned: Ticket, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        browser, token = client_of(mia), make_token_text(mia)
        api = Client(headers={"Authorization": f"Bearer {token}"})
        assert browser.get("/o/acme/").status_code == 200
        assert api.get("/api/v1/me").status_code == 200
        with shifted(PASSED):
            assert browser.get("/o/acme/").status_code == 404
            assert api.get("/api/v1/me").status_code == 401
            reader = client_of(ada)
            shown = reader.get(f"/o/acme/requests/{planned.number}/").text
            assert "Access blocked" in shown
            assert "Access still stands." not in shown
            table = reader.get("/o/acme/requests/", headers={"HX-Request": "true"}).text
            assert planned.number in table
            assert "Scheduled" not in table
        planned.refresh_from_db()
        assert planned.status == Status.SCHEDULED


@pytest.mark.django_db
class TestApi:
    @pytest.fixture
    def call(self, ada: Membership, actor_of: ActorOf, client_of: ClientOf, at: datetime) -> Client:
        client_of(ada)
        scopes = ["ticket:view", "revocation:file", "member:view"]
        _token, text = issue_token(
            actor=actor_of(ada), at=at, name="ci", scopes=scopes, lasts=timedelta(days=1)
        )
        return Client(headers={"Authorization": f"Bearer {text}"})

    def file(self, call: Client, **body: object) -> Any:
        return call.post("/api/v1/tickets/revocations", body, content_type="application/json")

    def decide(self, call: Client, path: str, version: str = "") -> Any:
        headers = {"If-Match": version} if version else {}
        return call.post(path, {}, content_type="application/json", headers=headers)

    def test_filed_brought_forward_or_cancelled(
        self, call: Client, mia: Membership, max_: Membership, at: datetime
    ) -> None:
        when = (at + timedelta(days=3)).isoformat()
        filed = self.file(call, member=str(mia.pk), effective_at=when)
        assert (filed.status_code, filed.json()["status"]) == (201, "scheduled")
        assert filed.json()["received_at"] == filed.json()["scheduled_for"]
        assert filed.json()["filed_at"] < filed.json()["received_at"]
        where = f"/api/v1/tickets/{filed.json()['id']}"
        assert self.decide(call, f"{where}/hasten").status_code == 428
        assert self.decide(call, f"{where}/hasten", '"9"').status_code == 412
        done = self.decide(call, f"{where}/hasten", filed["ETag"])
        assert (done.status_code, done.json()["status"]) == (200, "contained")
        assert self.decide(call, f"{where}/cancel", done["ETag"]).status_code == 409
        other = self.file(call, member=str(max_.pk), effective_at=when)
        gone = self.decide(call, f"/api/v1/tickets/{other.json()['id']}/cancel", other["ETag"])
        assert (gone.status_code, gone.json()["status"]) == (200, "withdrawn")

    @pytest.mark.parametrize("when", ["yesterday", 7, "2001-01-01T00:00:00Z", "9999-01-01T00:00Z"])
    def test_bad_instants_are_refused(self, when: object, call: Client, mia: Membership) -> None:
        answer = self.file(call, member=str(mia.pk), effective_at=when)
        assert answer.status_code == 422
        assert not Ticket.objects.exists()

    def test_another_organizations_request_is_not_there(
        self, planned: Ticket, ned: Membership, client_of: ClientOf
    ) -> None:
        client_of(ned)
        api = Client(headers={"Authorization": f"Bearer {make_token_text(ned)}"})
        for verb in ("cancel", "hasten"):
            answer = self.decide(api, f"/api/v1/tickets/{planned.pk}/{verb}", '"1"')
            assert answer.status_code == 404
