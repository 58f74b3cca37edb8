"""What waits for somebody: each kind, on the page and over the API, in a fixed number of reads."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.catalog.models import Integration
from portal.tickets.models import Step
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership, Organization
from tests.cast import make_machine, make_member, make_token_text
from tests.portal.tickets.test_list import make_ticket, stopped

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
HOUR = timedelta(hours=1)


def make_waiting(organization: Organization, n: int, at: datetime) -> None:
    """A second confirmation, a stopped request, a step by hand, and things of a leaver."""
    make_ticket(f"DEL-{n}", left=HOUR, at=at, **stopped(at))
    make_ticket(f"REV-{n}", left=HOUR, at=at, status="blocked")
    asked = make_ticket(f"REV-10{n}", left=HOUR, at=at, status="waiting_input")
    Step.objects.create(
        ticket=asked, position=1, name="sessions", status="waiting", asks="Take the badge",
        evidence_asked="The day", answer_due_at=at + HOUR, started_at=at, waiting_since=at,
    )  # fmt: skip
    leaver = make_member(organization, f"Leaver{n} Gone", "viewer")
    make_machine(leaver, role="viewer", name=f"Loader {n}")
    Integration.objects.create(kind="dbt", name=f"Lake {n}", owner=leaver, created_at=at)
    leaver.contain(at=at)
    leaver.revoke(at=at)
    leaver.save()


def ask(member: Membership) -> tuple[dict[str, object], int]:
    cache.clear()
    caller = Client(headers={"Authorization": f"Bearer {make_token_text(member)}"})
    caller.get("/api/v1/waiting")
    with CaptureQueriesContext(connection) as said:
        answer = caller.get("/api/v1/waiting")
    assert answer.status_code == 200, answer.text
    return answer.json(), len(said)


def test_every_kind_is_there_with_its_due_time_in_as_many_statements_for_many(
    organization: Organization, ada: Membership, client_of: ClientOf
) -> None:
    at, browser = now(), client_of(ada)
    for n in range(2):
        make_waiting(organization, n, at)
    few, statements = ask(ada)
    found = few["waiting"]
    assert isinstance(found, list)
    assert few["count"] == len(found) == 8
    assert all(item["due_at"] for item in found)
    titles = "\n".join(item["title"] for item in found)
    for words in ("Confirm:", "Stopped:", "End sessions", "Hand over what Leaver1 Gone looked"):
        assert words in titles
    page = browser.get("/o/acme/waiting/").text
    assert all(item["title"] in page and item["url"] in page for item in found)
    with CaptureQueriesContext(connection) as said:
        browser.get("/o/acme/waiting/")
    for n in range(2, 9):
        make_waiting(organization, n, at)
    many, then = ask(ada)
    assert (many["count"], then) == (36, statements)
    with CaptureQueriesContext(connection) as again:
        browser.get("/o/acme/waiting/")
    assert len(again) == len(said)


def test_only_what_somebody_may_decide_is_there(
    organization: Organization, ada: Membership, mia: Membership,
    actor_of: Callable[..., Actor],
) -> None:  # fmt: skip
    make_waiting(organization, 1, now())
    assert ask(mia)[0] == {"count": 0, "waiting": []}
    assert Client().get("/api/v1/waiting").status_code == 401
