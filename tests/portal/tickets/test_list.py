"""The list of requests: the same rows on the page, in the spreadsheet and over the API."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.identifiers import new_id
from audit.models import Event
from portal.tickets.actions import save_filter
from portal.tickets.actions.filters import MOST, TooManyFilters
from portal.tickets.board import counts_of
from portal.tickets.listing import Look, TicketFilter
from portal.tickets.models import SavedFilter, Ticket
from tenants.access import Actor
from tenants.models import Membership, Policy
from tests.portal.rest.conftest import Caller

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
CallerOf = Callable[..., Caller]
ActorOf = Callable[..., Actor]
LIST = "/o/acme/requests/"
DAY = timedelta(days=1)


def make_ticket(number: str, *, left: timedelta, at: datetime, **given: Any) -> Ticket:
    """A revocation in progress with so much of its time left."""
    received = at + left - DAY
    facts = {
        "kind": "revocation", "scope": "member", "status": "running",
        "subject_kind": "member", "subject_id": new_id(), "subject_label": f"Leaver {number}",
        "requester_name": "Ada Okafor", "filed_at": received, "received_at": received,
        "due_at": received + DAY,
        "contained_at": received, "started_at": received, **given,
    }  # fmt: skip
    made: Ticket = Ticket.objects.create(number=number, **facts)
    return made


def done(at: datetime, *, status: str = "completed") -> dict[str, Any]:
    return {"status": status, "met_at": at, "ended_at": at}


def stopped(at: datetime) -> dict[str, Any]:
    return {
        "kind": "deletion", "scope": "all_metadata", "status": "awaiting_second",
        "subject_kind": "organization", "subject_label": "Acme Health",
        "contained_at": None, "started_at": None,
    }  # fmt: skip


@pytest.fixture
def requests(ada: Membership, mia: Membership, at: datetime) -> Membership:
    """One request for each place on the board, and some that are over."""
    make_ticket("REV-1", left=timedelta(hours=20), at=at, source="directory", reason="Left early")
    make_ticket("REV-2", left=timedelta(hours=8), at=at, subject_id=mia.pk, subject_label="Mia C")
    make_ticket("REV-3", left=timedelta(hours=5), at=at, requester=ada)
    make_ticket("REV-4", left=timedelta(hours=-1), at=at, requester_name="Max Lindqvist")
    make_ticket("DEL-5", left=timedelta(hours=3), at=at, **stopped(at))
    make_ticket("REV-6", left=timedelta(hours=1), at=at, **done(at))
    make_ticket("REV-7", left=timedelta(days=-9), at=at, **done(at - 8 * DAY))
    make_ticket(
        "DEL-8", left=timedelta(hours=9), at=at,
        **{**stopped(at), "status": "withdrawn", "ended_at": at, "scope": "integration"},
    )  # fmt: skip
    return ada


FOUND = {
    "": "DEL-8 REV-7 REV-6 DEL-5 REV-4 REV-3 REV-2 REV-1",
    "kind=deletion": "DEL-8 DEL-5",
    "status=withdrawn": "DEL-8",
    "scope=all_metadata": "DEL-5",
    "source=directory": "REV-1",
    "view=open": "DEL-5 REV-4 REV-3 REV-2 REV-1",
    "view=later": "REV-1",
    "view=soon": "REV-2",
    "view=at_risk": "REV-3",
    "view=late_open": "REV-4",
    "view=late": "REV-7 REV-4",
    "view=paused": "DEL-5",
    "view=done_today": "REV-6",
    "view=done": "REV-7 REV-6",
    "view=withdrawn": "DEL-8",
    "q=rev-2": "REV-2",
    "q=left+early": "REV-1",
    "person=mia@": "REV-2",
    "person=leaver+rev-3": "REV-3",
    "requester=max": "REV-4",
    "requester=ada@acme": "REV-3",
    "sort=due&view=open": "REV-4 DEL-5 REV-3 REV-2 REV-1",
    "sort=oldest&kind=deletion": "DEL-5 DEL-8",
    "q=REV-7&view=done": "REV-7",
}


def test_filters_find_the_same_everywhere(
    requests: Membership, client_of: ClientOf, caller_of: CallerOf
) -> None:
    client, caller = client_of(requests), caller_of(requests)

    def found(query: str) -> set[str]:
        page = client.get(f"{LIST}?{query}").context["page"].rows
        sheet = csv.reader(io.StringIO(client.get(f"{LIST}export.csv?{query}").text))
        answer = json.loads(caller.get(f"tickets?{query}").content)["results"]
        return {
            " ".join(row.number for row in page),
            " ".join([row[0] for row in sheet][1:]),
            " ".join(row["number"] for row in answer),
        }

    assert {query: found(query) for query in FOUND} == {q: {n} for q, n in FOUND.items()}


def test_the_period_is_of_whole_days(
    requests: Membership, client_of: ClientOf, caller_of: CallerOf, at: datetime
) -> None:
    day = (at.astimezone(UTC) - 10 * DAY).date()
    for query in (f"from={day}&to={day}", f"to={day + DAY}"):
        page = client_of(requests).get(f"{LIST}?{query}").context["page"].rows
        api = json.loads(caller_of(requests).get(f"tickets?{query}").content)["results"]
        assert [row.number for row in page] == [row["number"] for row in api] == ["REV-7"]
    assert client_of(requests).get(f"{LIST}?from={day}&to={day - DAY}").status_code == 422
    assert caller_of(requests).get(f"tickets?from={day}&to={day - DAY}").status_code == 422


def test_a_filter_that_is_not_known_finds_none_and_never_all(
    requests: Membership, client_of: ClientOf, caller_of: CallerOf
) -> None:
    client, caller = client_of(requests), caller_of(requests)
    for query in ("kind=x", "view=x", "source=x", "status=x", "from=9999-12-31", "q=%00", "sort=x"):
        answer = client.get(f"{LIST}?{query}")
        assert (answer.status_code, len(answer.context["page"].rows)) == (422, 0), query
        on_board = 200 if query[:4] in {"view", "sort"} else 422
        assert client.get(f"{LIST}board/?{query}").status_code == on_board
        assert client.get(f"{LIST}export.csv?{query}").status_code == 422
        assert caller.get(f"tickets?{query}").status_code in {400, 422}


def test_the_board_has_each_request_once(
    requests: Membership, max_: Membership, client_of: ClientOf, caller_of: CallerOf
) -> None:
    def seen(member: Membership) -> dict[str, list[str]]:
        columns = client_of(member).get(f"{LIST}board/").context["columns"]
        return {c.place.view: [ticket.number for ticket, _title in c.cards] for c in columns}

    rest = {
        "late_open": ["REV-4"], "at_risk": ["REV-3"], "soon": ["REV-2"], "later": ["REV-1"],
        "done_today": ["REV-6"],
    }  # fmt: skip
    assert seen(max_) == {"waiting": ["DEL-5"], **rest}
    Ticket.objects.filter(number="DEL-5").update(requester=max_)
    assert seen(max_) == {"waiting": [], "paused": ["DEL-5"], **rest}

    counted = json.loads(caller_of(max_).get("tickets/board?kind=revocation").content)["columns"]
    assert {c["view"]: c["count"] for c in counted} == {
        "waiting": 0, "late_open": 1, "at_risk": 1, "soon": 1, "later": 1, "paused": 0,
        "done_today": 1,
    }  # fmt: skip


def test_the_instants_between_the_columns_are_in_one(
    ada: Membership, actor_of: ActorOf, at: datetime
) -> None:
    look = Look(actor_of(ada), at)
    for hours, view in ((0, "at_risk"), (6, "at_risk"), (12, "soon"), (24, "later")):
        made = make_ticket(f"REV-{hours}", left=timedelta(hours=hours), at=at)
        counts = counts_of(look, TicketFilter(number=made.number))
        assert {name for name, count in counts.items() if count} == {view}
        assert made.is_at_risk(at) == (view == "at_risk")


def test_previous_and_next_stay_within_the_filter(
    requests: Membership, client_of: ClientOf
) -> None:
    client = client_of(requests)

    def around(number: str, query: str) -> tuple[str, ...]:
        found = client.get(f"{LIST}{number}/?{query}").context["around"]
        return tuple(getattr(found[side], "number", "") for side in ("previous", "next"))

    assert around("REV-3", "") == ("REV-4", "REV-2")
    assert around("REV-3", "view=open&sort=due") == ("DEL-5", "REV-2")
    assert around("DEL-5", "kind=deletion") == ("DEL-8", "")
    assert around("REV-7", "view=open") == ("", "DEL-5")  # not in this list any more
    assert around("DEL-8", "kind=nonsense") == ("", "REV-7")
    shown = client.get(f"{LIST}REV-3/?view=open&sort=due").text
    assert f'href="{LIST}REV-2/?view=open&amp;sort=due"' in shown
    assert f'href="{LIST}?view=open&amp;sort=due"' in shown


def test_the_cells_of_the_spreadsheet_are_no_formulas(
    ada: Membership, client_of: ClientOf, at: datetime
) -> None:
    make_ticket("REV-1", left=DAY, at=at, subject_label="=cmd()", reason="+1", source="-x")
    rows = list(csv.reader(io.StringIO(client_of(ada).get(f"{LIST}export.csv").text)))
    assert {"'=cmd()", "'+1", "'-x"} <= set(rows[1])


def test_two_thousand_rows_cost_no_more_statements_than_two(
    ada: Membership, client_of: ClientOf, at: datetime
) -> None:
    client = client_of(ada)

    def statements() -> dict[str, int]:
        counts = {}
        for path in ("", "board/", "export.csv", "REV-1/"):
            with CaptureQueriesContext(connection) as queries:
                assert client.get(f"{LIST}{path}?kind=revocation&person=leaver").status_code == 200
            counts[path] = len(queries)
        return counts

    make_ticket("REV-1", left=DAY, at=at)
    one = make_ticket("REV-2", left=timedelta(hours=1), at=at)
    statements()
    few = statements()
    fields = {f.attname: getattr(one, f.attname) for f in Ticket._meta.concrete_fields}
    Ticket.objects.bulk_create(
        Ticket(**{**fields, "id": new_id(), "subject_id": new_id(), "number": f"REV-{n}"})
        for n in range(3, 2003)
    )
    statements()  # once a minute the visit is noted
    assert statements() == few


def test_a_filter_is_kept_replaced_and_deleted_by_its_owner_only(
    requests: Membership, max_: Membership, client_of: ClientOf
) -> None:
    client, other = client_of(requests), client_of(max_)
    given = {"name": "Mine", "filter": "view=late&q=&kind=revocation&cursor=x"}
    answer = client.post(f"{LIST}filters/", given)
    assert answer["Location"] == f"{LIST}?view=late&kind=revocation"
    client.post(f"{LIST}filters/", {"name": "Mine", "filter": "kind=deletion"})
    kept = SavedFilter.objects.get()
    assert kept.query == "kind=deletion"
    assert "Mine" in client.get(LIST).text
    assert 'aria-current="true"' in client.get(f"{LIST}?kind=deletion").text
    assert "Mine" not in other.get(LIST).text
    assert other.post(f"{LIST}filters/{kept.pk}/delete/").status_code == 404
    client.post(f"{LIST}filters/{kept.pk}/delete/")
    assert not SavedFilter.objects.exists()
    names = Event.objects.filter(name__startswith="filter.").values_list("name", flat=True)
    assert sorted(names) == ["filter.deleted", "filter.saved", "filter.saved"]


NO_FILTERS: list[dict[str, str]] = [
    {},
    {"name": "", "filter": "kind=deletion"},
    {"name": "x" * 61, "filter": "kind=deletion"},
    {"name": "x", "filter": ""},
    {"name": "x", "filter": "kind=nonsense"},
    {"name": "x", "filter": "unknown=1"},
    {"name": "x\x00", "filter": "kind=deletion"},
]


def test_what_is_no_filter_is_not_kept(
    ada: Membership, client_of: ClientOf, caller_of: CallerOf
) -> None:
    client, caller = client_of(ada), caller_of(ada)
    for given in NO_FILTERS:
        assert client.post(f"{LIST}filters/", given).status_code == 302, given
        body = {"name": given.get("name", ""), "query": given.get("filter", "")}
        assert caller.post("ticket-filters", body).status_code == 422, given
    assert not SavedFilter.objects.exists()


def test_filters_over_the_api(
    ada: Membership, max_: Membership, caller_of: CallerOf, client_of: ClientOf
) -> None:
    mine, other = caller_of(ada), caller_of(max_)
    made = mine.post("ticket-filters", {"name": "Late", "query": "?view=late&size=5"})
    assert made.status_code == 201
    assert json.loads(made.content)["query"] == "view=late"
    assert client_of(ada).get(f"{LIST}?view=late").context["kept"][0][1] is True
    assert json.loads(other.get("ticket-filters").content)["results"] == []
    where = made["Location"].removeprefix("/api/v1/")
    assert other.delete(where).status_code == 404
    assert mine.delete(where).status_code == 204
    assert mine.delete(where).status_code == 404


def test_nobody_keeps_filters_without_end(
    ada: Membership, actor_of: ActorOf, client_of: ClientOf, at: datetime
) -> None:
    actor = actor_of(ada)
    for n in range(MOST):
        save_filter(actor=actor, at=at, name=f"f{n}", query="view=late")
    with pytest.raises(TooManyFilters):
        save_filter(actor=actor, at=at, name="more", query="view=late")
    save_filter(actor=actor, at=at, name="f0", query="view=open")
    assert SavedFilter.objects.count() == MOST


def test_a_filter_needs_the_right_to_see_requests(mia: Membership, client_of: ClientOf) -> None:
    given = {"name": "x", "filter": "view=late"}
    assert client_of(mia).post(f"{LIST}filters/", given).status_code == 403
    assert not SavedFilter.objects.exists()


def test_what_waits_for_somebody_can_be_listed(
    requests: Membership, max_: Membership, client_of: ClientOf
) -> None:
    Policy.objects.update(second_person_for_deletion=True)
    rows = client_of(max_).get(f"{LIST}?view=waiting").context["page"].rows
    assert [row.number for row in rows] == ["DEL-5"]


def test_today_begins_at_midnight_of_the_person_who_looks(
    ada: Membership, client_of: ClientOf, at: datetime
) -> None:
    now = timezone.now()
    zone = timezone.get_fixed_timezone(0)
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    make_ticket("REV-1", left=DAY, at=now, **done(midnight))
    make_ticket("REV-2", left=DAY, at=now, **done(midnight - timedelta(microseconds=1)))
    rows = client_of(ada).get(f"{LIST}?view=done_today").context["page"].rows
    assert [row.number for row in rows] == ["REV-1"]
