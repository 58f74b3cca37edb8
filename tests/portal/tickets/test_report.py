"""The report on requests: by month and kind, the same on the page, in CSV and over the API."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.identifiers import new_id
from portal.home.figures import Kept, figures_for
from portal.tickets.actions import confirm_deletion, file_deletion
from portal.tickets.listing import Look
from portal.tickets.models import Ticket
from portal.tickets.reporting import report_for, share_on_time
from portal.tickets.rules import Scope
from tenants.access import Actor
from tenants.models import Membership, Organization, Policy
from tenants.scoping import organization_scope
from tests.cast import make_organization
from tests.portal.rest.conftest import Caller
from tests.portal.tickets.test_list import done, make_ticket, stopped

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
CallerOf = Callable[..., Caller]
ActorOf = Callable[..., Actor]
WHERE = "/o/acme/requests/report"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)


def met(number: str, *, after: timedelta, received: datetime = MARCH) -> Ticket:
    return make_ticket(number, left=DAY, at=received, **done(received + after))


@pytest.fixture
def march(ada: Membership) -> Membership:
    """Three done on time, one late, one open and late, one taken back; one in the month before."""
    for n, hours in enumerate((1, 2, 24)):
        met(f"REV-{n}", after=hours * HOUR)
    met("REV-4", after=DAY + timedelta(microseconds=1))
    make_ticket("REV-5", left=DAY, at=MARCH)
    make_ticket("DEL-6", left=DAY, at=MARCH, **{**stopped(MARCH), "status": "withdrawn",
        "ended_at": MARCH})  # fmt: skip
    met("REV-7", after=HOUR, received=datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC))
    return ada


def test_months_and_kinds_are_counted_alike_everywhere(
    march: Membership, client_of: ClientOf, caller_of: CallerOf
) -> None:
    client = client_of(march)
    worst = round((DAY + timedelta(microseconds=1)).total_seconds())
    middle = round(median([3600.0, 7200.0, 86400.0, 86400.000001]))
    expected = [
        ("2026-03", "deletion", 1, 0, 0, 0, 1, None, None),
        ("2026-03", "revocation", 5, 3, 2, 0, 0, middle, worst),
        ("2026-02", "revocation", 1, 1, 0, 0, 0, 3600, 3600),
    ]

    lines = client.get(f"{WHERE}/?year=2026").context["lines"]
    answer = json.loads(caller_of(march).get("tickets/report?year=2026").content)["months"]
    sheet = list(csv.reader(io.StringIO(client.get(f"{WHERE}.csv?year=2026").text)))

    assert [tuple(line.values()) for line in answer] == expected
    assert [
        (f"{x.month:%Y-%m}", x.kind, x.received, x.on_time, x.late, x.running, x.withdrawn,
            x.median_seconds, x.worst_seconds) for x in lines
    ] == expected  # fmt: skip
    assert [row[2:] for row in sheet[1:]] == [
        ["" if cell is None else str(cell) for cell in row[2:]] for row in expected
    ]


def test_a_kind_and_a_year_narrow_and_what_is_unknown_is_refused(
    march: Membership, client_of: ClientOf, caller_of: CallerOf
) -> None:
    client, caller = client_of(march), caller_of(march)
    assert len(client.get(f"{WHERE}/?year=2026&kind=deletion").context["lines"]) == 1
    for query in ("year=1969", "year=x", "kind=x", "year=2026%00"):
        answer = client.get(f"{WHERE}/?{query}")
        assert (answer.status_code, answer.context["lines"]) == (422, [])
        assert client.get(f"{WHERE}.csv?{query}").status_code == 422
        assert caller.get(f"tickets/report?{query}").status_code in {400, 422}
    assert json.loads(caller.get("tickets/report?year=9998").content)["months"] == []


def test_the_last_twelve_months_reach_to_the_first_of_one(
    ada: Membership, actor_of: ActorOf
) -> None:
    for at, first in (
        (datetime(2026, 12, 31, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)),
        (datetime(2027, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
        (datetime(2027, 11, 30, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)),
    ):
        Ticket.objects.all().delete()
        met("REV-1", after=HOUR, received=first)
        met("REV-2", after=HOUR, received=first - timedelta(microseconds=1))
        lines = report_for(Look(actor_of(ada), at))
        assert [(line.month, line.received) for line in lines] == [(first.date(), 1)]


def test_time_that_the_clock_stood_still_counts_nowhere(
    ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    """A second person took 30 h; the rest took one."""
    Policy.objects.update(second_person_for_deletion=True)
    ticket = file_deletion(
        Scope.ALL_METADATA, actor=actor_of(ada), at=at, confirmation="Acme Health"
    )
    confirmed = confirm_deletion(ticket, actor=actor_of(max_), at=at + 30 * HOUR)
    end = at + 31 * HOUR
    Ticket.objects.filter(pk=ticket.pk).update(
        status="erased", met_at=end, ended_at=end, started_at=end, wake_at=None
    )

    [line] = report_for(Look(actor_of(ada), end))
    assert (line.on_time, line.late, line.worst_seconds) == (1, 0, 3600)
    kept = [Kept(at, confirmed.due_at, end)]
    figures = {figure.label: figure.value for figure in figures_for(actor_of(ada), end, kept)}
    assert figures["Median time to close"] == "1 h 00 m"


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert share_on_time({"on_time": 99_999, "late": 1}) == "99.9 %"
    assert share_on_time({"on_time": 3, "late": 0}) == "100 %"
    assert share_on_time({"on_time": 0, "late": 0}) == "—"


def test_two_thousand_requests_cost_no_more_statements_than_two(
    march: Membership, client_of: ClientOf
) -> None:
    client = client_of(march)

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(f"{WHERE}/?year=2026")
        return len(queries)

    statements()
    few = statements()
    one = Ticket.objects.get(number="REV-1")
    fields = {f.attname: getattr(one, f.attname) for f in Ticket._meta.concrete_fields}
    Ticket.objects.bulk_create(
        Ticket(**{**fields, "id": new_id(), "number": f"REV-{n}"}) for n in range(100, 2100)
    )
    statements()  # once a minute the visit is noted
    assert statements() == few


def test_the_report_is_for_those_who_see_requests(
    mia: Membership, aud: Membership, ned: Membership, client_of: ClientOf
) -> None:
    assert client_of(mia).get(f"{WHERE}/").status_code == 403
    assert client_of(aud).get(f"{WHERE}/").status_code == 200
    assert client_of(ned).get(f"{WHERE}/").status_code == 404
    assert client_of(aud).get("/console/report/").status_code in {403, 404}


def test_the_vendor_sees_counts_by_customer_and_nothing_more(
    march: Membership, sam: Membership, client_of: ClientOf, caller_of: CallerOf
) -> None:
    other: Organization = make_organization("initech", name="=Initech")
    with organization_scope(other.pk):
        met("REV-1", after=DAY + HOUR)
    client = client_of(sam)
    lines = client.get("/console/report/?year=2026").context["lines"]
    sheet = client.get("/console/report.csv?year=2026").text
    answer = json.loads(caller_of(sam).get("support/report?year=2026").content)["months"]

    assert [(x.organization, x.late) for x in lines if f"{x.month:%m}" == "03"] == [
        ("=Initech", 1),
        ("Acme Health", 0),
        ("Acme Health", 2),
    ]
    assert {line["organization"] for line in answer} == {"=Initech", "Acme Health"}
    assert "'=Initech" in sheet
    for text in (sheet, json.dumps(answer), client.get("/console/report/?year=2026").text):
        assert "Leaver" not in text
        assert "REV-" not in text
    assert client.get("/console/report/?year=x").status_code == 422
    assert client.get("/console/report.csv?year=x").status_code == 422
    assert caller_of(march).get("support/report").status_code == 404
