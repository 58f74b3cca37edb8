"""The screens of requests: what they show, to whom, and that they keep up."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.identifiers import new_id
from portal.catalog.models import Integration
from portal.tickets.actions import file_deletion, file_revocation
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope, Status
from tenants.access import Actor
from tenants.models import Membership, Policy

pytestmark = pytest.mark.django_db

ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def deletion(ada: Membership, actor_of: ActorOf, at: datetime) -> Ticket:
    return file_deletion(Scope.ALL_METADATA, actor=actor_of(ada), at=at, confirmation="Acme Health")


def test_revoking_shows_what_goes_and_then_blocks_access(
    ada: Membership, mia: Membership, client_of: ClientOf
) -> None:
    browser = client_of(ada)
    assert "Mia Castellan" in browser.get("/o/acme/requests/revoke/").text
    shown = browser.get(f"/o/acme/requests/revoke/?member={mia.pk}").text
    assert "What they lose, at once" in shown
    assert not Ticket.objects.exists()
    done = browser.post(f"/o/acme/requests/revoke/?member={mia.pk}", {"reason": "left"})
    assert done["Location"] == "/o/acme/requests/REV-1001/"
    page = browser.get(done["Location"]).text
    assert "Revoke access: Mia Castellan" in page
    assert "Access blocked" in page


def test_deleting_says_what_does_not_fit_next_to_its_field(
    ada: Membership, integration: Integration, client_of: ClientOf
) -> None:
    browser = client_of(ada)
    wrong = {"target": str(integration.pk), "confirmation": "warehouse"}
    answer = browser.post("/o/acme/requests/delete/", wrong)
    assert answer.status_code == 422
    assert "Type “Warehouse” to confirm." in answer.text
    assert browser.post("/o/acme/requests/delete/", {"target": "x"}).status_code == 422
    right = {"target": str(integration.pk), "confirmation": "Warehouse"}
    assert browser.post("/o/acme/requests/delete/", right).status_code == 302
    assert Ticket.objects.get().subject_label == "Warehouse"


def test_each_scope_shows_what_goes_and_what_stays(
    ada: Membership, mia: Membership, integration: Integration, client_of: ClientOf
) -> None:
    browser = client_of(ada)
    choices = browser.get("/o/acme/requests/delete/").text
    for words in ("Close the workspace", "Mia Castellan", "Import runs and logs", "Warehouse"):
        assert words in choices
    shown = {
        target: browser.get("/o/acme/requests/delete/", {"target": target}).text
        for target in (
            f"member:{mia.pk}", "class:metrics", "class:activity", "close", str(integration.pk),
        )
    }  # fmt: skip
    stays = {target: text.partition("What stays, and why")[2] for target, text in shown.items()}
    assert "Integrations, resources and fields" in stays["class:metrics"]
    # An import's files go with its run.
    assert "Uploaded files" not in stays["class:activity"]
    assert "Uploaded files" in stays["class:metrics"]
    assert "Revoke their access now, too" in shown[f"member:{mia.pk}"]
    assert "a placeholder stands where the name was" in shown[f"member:{mia.pk}"]
    assert "Metrics and results of checks" in shown["class:metrics"]
    assert "Name and address of the workspace" in shown["close"]
    assert "Revoke their access now, too" not in shown["close"]
    assert not Ticket.objects.exists()


def test_only_an_owner_is_offered_to_close(
    ada: Membership, max_: Membership, client_of: ClientOf
) -> None:
    browser = client_of(max_)
    offered = browser.get("/o/acme/requests/delete/").text
    assert "Close the workspace" not in offered
    assert f"member:{ada.pk}" not in offered
    where = "/o/acme/requests/delete/?target=close"
    assert browser.get(where).status_code == 422
    wish = {"target": "close", "confirmation": "Acme Health", "reason": "over"}
    assert browser.post(where, wish).status_code == 422
    assert not Ticket.objects.exists()
    owner = client_of(ada)
    unreasoned = owner.post(where, {**wish, "reason": ""})
    assert (unreasoned.status_code, "required" in unreasoned.text) == (422, True)
    assert owner.post(where, wish).status_code == 302
    assert Ticket.objects.get().scope == Scope.CLOSE


def test_a_persons_data_is_filed_from_the_page_together_with_their_access(
    ada: Membership, mia: Membership, client_of: ClientOf
) -> None:
    browser, where = client_of(ada), f"/o/acme/requests/delete/?target=member:{mia.pk}"
    refused = browser.post(where, {"confirmation": mia.name})
    assert (refused.status_code, "Revoke the access of" in refused.text) == (422, True)
    assert browser.post(where, {"confirmation": mia.name, "revoke": "on"}).status_code == 302
    assert {t.scope for t in Ticket.objects.all()} == {Scope.PERSON, Scope.MEMBER}


def test_filing_asks_for_a_step_up_first(ada: Membership, client_of: ClientOf) -> None:
    browser = client_of(ada, stepped_up=False)
    for path in ("revoke", "delete"):
        answer = browser.get(f"/o/acme/requests/{path}/")
        assert answer["Location"].startswith("/o/acme/step-up/")


def test_withdrawing_from_the_page(ada: Membership, deletion: Ticket, client_of: ClientOf) -> None:
    browser = client_of(ada)
    where = f"/o/acme/requests/{deletion.number}/"
    assert "Withdraw the request" in browser.get(where).text
    browser.post(f"{where}withdraw/", {"version": deletion.version + 1})
    deletion.refresh_from_db()
    assert deletion.status == Status.COOLING_OFF
    browser.post(f"{where}withdraw/", {"version": deletion.version})
    deletion.refresh_from_db()
    assert deletion.status == Status.WITHDRAWN
    assert 'hx-trigger="every' not in browser.get(where).text


def test_the_moving_part_is_sent_only_when_it_changed(
    ada: Membership, deletion: Ticket, client_of: ClientOf
) -> None:
    browser = client_of(ada)
    where = f"/o/acme/requests/{deletion.number}/progress/"
    first = browser.get(where, headers=HTMX)
    assert "<html" not in first.text
    tag = first["ETag"]
    assert browser.get(where, headers={**HTMX, "If-None-Match": tag}).status_code == 304
    seen = tag.strip('"')
    assert browser.get(f"{where}?seen={seen}", headers=HTMX).status_code == 204
    Ticket.objects.filter(pk=deletion.pk).update(version=9)
    assert browser.get(f"{where}?seen={seen}", headers=HTMX).status_code == 200


def test_the_list_filters_and_its_csv_has_the_same_rows(
    ada: Membership,
    mia: Membership,
    deletion: Ticket,
    actor_of: ActorOf,
    client_of: ClientOf,
    at: datetime,
) -> None:
    revocation = file_revocation(mia, actor=actor_of(ada), at=at - timedelta(hours=30))
    browser = client_of(ada)
    late = browser.get("/o/acme/requests/?view=late").text
    assert revocation.number in late
    assert f"/requests/{deletion.number}/" not in late
    sheet = browser.get("/o/acme/requests/export.csv?kind=deletion").text
    assert deletion.number in sheet
    assert revocation.number not in sheet
    assert browser.get("/o/acme/requests/?view=nonsense&kind=%00").status_code == 422


@pytest.mark.parametrize("number", ["REV-1", "nonsense", "DEL-999999999999"])
def test_an_unknown_number_is_not_there(number: str, ada: Membership, client_of: ClientOf) -> None:
    assert client_of(ada).get(f"/o/acme/requests/{number}/").status_code == 404


def test_an_auditor_reads_and_files_nothing(
    ada: Membership, aud: Membership, deletion: Ticket, client_of: ClientOf
) -> None:
    browser = client_of(aud)
    page = browser.get(f"/o/acme/requests/{deletion.number}/").text
    assert "Withdraw the request" not in page
    assert browser.post(f"/o/acme/requests/{deletion.number}/withdraw/").status_code in {302, 403}
    assert browser.get("/o/acme/requests/delete/").status_code == 403
    deletion.refresh_from_db()
    assert deletion.is_open


def test_a_viewer_and_an_outsider_see_nothing(
    mia: Membership, ned: Membership, deletion: Ticket, client_of: ClientOf
) -> None:
    assert client_of(mia).get("/o/acme/requests/").status_code == 403
    outsider = client_of(ned)
    assert outsider.get(f"/o/acme/requests/{deletion.number}/").status_code == 404
    assert outsider.get(f"/o/globex/requests/{deletion.number}/").status_code == 404


def test_the_second_person_is_asked_and_the_first_is_not(
    ada: Membership, max_: Membership, actor_of: ActorOf, client_of: ClientOf, at: datetime
) -> None:
    Policy.objects.update(second_person_for_deletion=True)
    ticket = file_deletion(
        Scope.ALL_METADATA, actor=actor_of(ada), at=at, confirmation="Acme Health"
    )
    where = f"/o/acme/requests/{ticket.number}/"
    assert "Confirm the deletion" not in client_of(ada).get(where).text
    second = client_of(max_)
    assert "Confirm the deletion" in second.get(where).text
    second.post(f"{where}confirm/", {"version": ticket.version})
    ticket.refresh_from_db()
    assert ticket.status == Status.COOLING_OFF


def test_the_list_costs_the_same_for_two_rows_and_twenty(
    ada: Membership, client_of: ClientOf, at: datetime
) -> None:

    browser, counts = client_of(ada), []
    for rows in (2, 20):
        while Ticket.objects.count() < rows:
            _withdrawn(Ticket.objects.count(), at)
        with CaptureQueriesContext(connection) as queries:
            browser.get("/o/acme/requests/")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def _withdrawn(n: int, at: datetime) -> None:
    Ticket.objects.create(
        number=f"DEL-{n}", kind="deletion", scope="integration", status="withdrawn",
        subject_kind="integration", subject_id=new_id(), subject_label="Old",
        requester_name="Ada", filed_at=at, received_at=at,
        due_at=at + timedelta(hours=24), ended_at=at,
    )  # fmt: skip
