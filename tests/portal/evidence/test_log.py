"""The page of the audit log: what it shows, how it is filtered, and who sees it."""

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.identifiers import new_id
from audit.models import Event
from audit.names import EventName
from audit.recorder import Target, record
from portal.evidence.words import NOUNS, noun_of
from tenants.access import Actor, ActorKind
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tests.cast import make_member

URL = "/o/acme/audit/"


def shown(client: Client, **filters: str) -> str:
    response = client.get(URL, filters)
    assert response.status_code == 200
    return response.content.decode()


def test_the_log_tells_in_sentences(
    ada: Membership, mia: Membership, tell: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    tell(ada, EventName.MEMBER_REVOKED, about=mia, reference="REV-1001")
    page = shown(client_of(ada))
    assert "Ada Okafor revoked the access of Mia Castellan (REV-1001)." in page
    assert "/o/acme/requests/REV-1001/" in page
    assert "127.0.0.1" in page


def test_an_event_is_there_before_it_is_sealed(
    ada: Membership, tell: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    tell(ada, label="Just made")
    assert "Just made" in shown(client_of(ada))


def test_filters_by_person_as_actor_or_subject(
    ada: Membership,
    max_: Membership,
    mia: Membership,
    tell: Callable[..., Any],
    client_of: Callable[..., Any],
) -> None:
    tell(ada, label="Of Ada")
    tell(max_, label="Of Max")
    tell(ada, EventName.MEMBER_REVOKED, about=mia)
    client = client_of(ada)
    by_name = shown(client, person="max lind")
    assert "Of Max" in by_name
    assert "Of Ada" not in by_name
    about = shown(client, person=str(mia.pk), action="member.revoked")
    assert "revoked the access of Mia Castellan" in about
    assert "No event matches" in shown(client, person="nobody at all")


def test_filters_by_staff_who_came_under_a_grant(
    ada: Membership,
    organization: Organization,
    tell: Callable[..., Any],
    client_of: Callable[..., Any],
) -> None:
    staff = Actor(
        kind=ActorKind.STAFF,
        organization=organization,
        name="Sam Whitlock",
        id=new_id(),
        grant_id=new_id(),
    )
    with transaction.atomic():
        record(EventName.OBJECT_READ, actor=staff, target=Target("resource", None, "orders"))
    tell(ada, label="Of Ada")
    page = shown(client_of(ada), person="whitlock")
    assert "Sam Whitlock of support read orders." in page
    assert "Of Ada" not in page


def test_filters_by_action_number_outcome_and_day(
    ada: Membership,
    mia: Membership,
    tell: Callable[..., Any],
    client_of: Callable[..., Any],
    at: datetime,
) -> None:
    tell(ada, label="A team")
    tell(ada, EventName.TICKET_OPENED, reference="REV-1001", label="x")
    tell(ada, EventName.TICKET_LATE, reference="REV-1002", label="x")
    client = client_of(ada)
    whole_noun = shown(client, action="ticket")
    assert "requests/REV-1001" in whole_noun
    assert "requests/REV-1002" in whole_noun
    assert "A team" not in whole_noun
    assert "requests/REV-1001" not in shown(client, action="ticket.late")
    assert "requests/REV-1002" not in shown(client, reference=" rev-1001 ")
    assert "A team" not in shown(client, outcome="refused")
    tomorrow = (at + timedelta(days=1)).date().isoformat()
    assert "A team" not in shown(client, **{"from": tomorrow})
    assert "A team" in shown(client, **{"from": at.date().isoformat(), "to": tomorrow})


def test_a_wrong_filter_says_so_and_shows_nothing(
    ada: Membership, tell: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    tell(ada, label="A team")
    client = client_of(ada)
    for wrong in (
        {"from": "yesterday"},
        {"action": "x"},
        {"from": "0001-01-01"},
        {"to": "9999-12-31"},
        {"from": "2026-02-02", "to": "2026-02-01"},
    ):
        page = shown(client, **wrong)
        assert "field-wrong" in page
        assert "A team" not in page
        assert client.get(reverse("event-csv", args=["acme"]), wrong).status_code == 422


def test_refused_attempts_are_shown(
    ada: Membership, mia: Membership, client_of: Callable[..., Any]
) -> None:
    assert client_of(mia).get(URL).status_code == 403
    page = shown(client_of(ada), outcome="refused")
    assert "Mia Castellan was refused: event list." in page


def test_pages_go_on_where_the_last_one_ended(
    ada: Membership, tell: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    for number in range(60):
        tell(ada, label=f"Team {number:02}")
    client = client_of(ada)
    first = client.get(URL, {"action": "team"})
    rows = [line.text for day in first.context["days"] for line in day.lines]
    second = client.get(URL, {"action": "team", "cursor": first.context["page"].next_cursor})
    rows += [line.text for day in second.context["days"] for line in day.lines]
    assert rows == [f"Ada Okafor created the team Team {n:02}." for n in reversed(range(60))]
    assert client.get(URL, {"cursor": "garbage"}).status_code == 400


def test_as_many_queries_for_2_rows_as_for_20(
    ada: Membership, tell: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(ada)
    counts = []
    for rows in (2, 18):
        for _ in range(rows):
            tell(ada)
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_another_organization_sees_nothing_of_it(
    ada: Membership, ned: Membership, tell: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    tell(ada, label="Secret team")
    assert client_of(ned).get(URL).status_code == 404
    page = client_of(ned).get("/o/globex/audit/").content.decode()
    assert "Secret team" not in page


def test_csv_holds_exactly_the_filtered_rows(
    ada: Membership, tell: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    tell(ada, EventName.TICKET_OPENED, reference="REV-1001")
    tell(ada, label="=HYPERLINK(1)")
    client = client_of(ada)
    response = client.get(reverse("event-csv", args=["acme"]), {"action": "team"})
    rows = list(csv.DictReader(io.StringIO(response.content.decode())))
    assert [row["event"] for row in rows] == ["team.created"]
    assert rows[0]["about"] == "'=HYPERLINK(1)"
    exported = Event.objects.get(name=EventName.LOG_EXPORTED)
    assert exported.facts == {"rows": 1, "form": "csv"}
    assert "Ada Okafor exported the audit log (1 events)." in shown(client)


def test_json_lines_hold_the_stored_columns(
    ada: Membership, tell: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    identifier = tell(ada)
    response = client_of(ada).get(reverse("event-json", args=["acme"]), {"action": "team.created"})
    line = json.loads(response.content)
    assert line["stored"]["id"] == str(identifier)
    assert line["people"]["actor"] == "Ada Okafor"


def test_reading_is_not_exporting(
    organization: Organization, tell: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    viewer = make_member(organization, "Vi Reader", BuiltInRole.EDITOR)
    for name in ("event-csv", "event-json", "checkpoint-latest"):
        assert client_of(viewer).get(reverse(name, args=["acme"])).status_code == 403
    assert not Event.objects.filter(name=EventName.LOG_EXPORTED).exists()


def test_every_event_has_its_noun_in_the_filter() -> None:
    assert {noun_of(name) for name in EventName} == set(NOUNS)
