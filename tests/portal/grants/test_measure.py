"""Figures of diagnostic access: time to decision, time used, reads; for both sides."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

from portal.console.measuring import all_measures
from portal.grants.actions.decisions import approve_grant, deny_grant, revoke_grant
from portal.grants.actions.sessions import open_support_session
from portal.grants.door import open_door
from portal.grants.measuring import measures, months, own_sources
from portal.grants.models import Grant
from portal.grants.reading import read_resources
from portal.grants.rules import Capability
from portal.grants.terms import Consent
from tenants.access import Actor
from tenants.models import Membership
from tests.cast import make_token_text

ActorOf = Callable[..., Actor]
StaffOf = Callable[[Membership], Actor]
ClientOf = Callable[..., Client]


@pytest.fixture
def used(
    pending: Grant, sia: Membership, sam: Membership, actor_of: ActorOf, staff_of: StaffOf,
    at: datetime,
) -> Grant:  # fmt: skip
    """Decided after an hour, used for ten minutes, three objects read."""
    then = at + timedelta(hours=1)
    grant = approve_grant(pending, actor=_fresh(actor_of(sia), then), at=then, consent=Consent())
    open_support_session(grant, actor=_fresh(staff_of(sam), then), at=then)
    with open_door(
        grant.pk, visitor=staff_of(sam), at=then, capability=Capability.METADATA, route="test"
    ) as opening:
        read_resources(opening)
    return revoke_grant(grant, actor=actor_of(sia), at=then + timedelta(minutes=10))


def test_each_request_is_measured(
    used: Grant, sia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    (one,) = measures(own_sources(actor_of(sia)), at=at + timedelta(hours=2))

    assert one.to_decision == timedelta(hours=1)
    assert one.used == timedelta(minutes=10)
    assert one.reads == 3


def test_a_month_counts_what_became_of_its_requests(
    pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    deny_grant(pending, actor=actor_of(sia), at=at + timedelta(minutes=20))

    (line,) = months(measures(own_sources(actor_of(sia)), at=at + timedelta(hours=1)))

    assert [line.asked, line.approved, line.denied, line.unanswered] == [1, 0, 1, 0]
    assert line.decision_seconds == 20 * 60


def test_what_was_not_answered_has_no_time_to_decision(
    pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    (line,) = months(measures(own_sources(actor_of(sia)), at=at + timedelta(hours=80)))

    assert [line.unanswered, line.decision_seconds] == [1, None]


def test_both_sides_see_the_same_figures_on_their_pages_and_by_the_api(
    used: Grant, ada: Membership, lea: Membership, client_of: ClientOf, client: Client
) -> None:
    year = used.requested_at.year
    for who, place in ((ada, "/o/acme/access/report"), (lea, "/console/access-report")):
        browser = client_of(who)
        assert "DIA-51" in browser.get(f"{place}/").content.decode()
        assert browser.get(f"{place}/?year=nonsense").status_code == 422
        assert "DIA-51" in browser.get(f"{place}.csv?year={year}").content.decode()
        assert browser.get(f"{place}.csv?year=nonsense").status_code in {400, 422}

    def call(who: Membership, path: str) -> dict[str, list[dict[str, object]]]:
        headers = {"authorization": f"Bearer {make_token_text(who)}"}
        return dict(client.get(f"/api/v1/{path}", headers=headers).json())

    mine, theirs = call(ada, "access-report"), call(lea, "support/access-report")
    assert mine["grants"][0]["reads"] == theirs["grants"][0]["reads"] == 3
    assert mine["months"][0]["decision_seconds"] == 3600
    assert theirs["months"][0]["organization"] == "Acme Health"
    assert call(ada, "access-report?year=2001")["months"] == []


def test_asks_as_often_for_many_as_for_one(
    used: Grant, sia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as caught:
            all_measures(at=at + timedelta(hours=2))
        return len(caught)

    few = asked()
    for number in range(5):
        copy = Grant.objects.get(pk=used.pk)
        copy.pk, copy.number, copy._state.adding = None, 900 + number, True
        Grant.objects.bulk_create([copy])

    assert asked() == few


@override_settings(METRICS_TOKEN="figures")
def test_machines_get_counts(used: Grant, client: Client) -> None:
    answer = client.get("/metrics", headers={"authorization": "Bearer figures"})

    assert 'gatehouse_diagnostic_access{what="open_grants"} 0.0' in answer.content.decode()
    assert 'gatehouse_diagnostic_access{what="late_disputes"} 0.0' in answer.content.decode()


def _fresh(actor: Actor, at: datetime) -> Actor:
    return replace(actor, stepped_up_until=at + timedelta(minutes=5))
