"""The list of members: the same rows on the page, in the spreadsheet and over the API."""

import csv
import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import Membership, Role
from tests.cast import make_member

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]


@pytest.fixture
def people(ada: Membership, max_: Membership, mia: Membership, at: datetime) -> Membership:
    """Ada is here, Max was last seen long ago, Mia never came and leaves soon."""
    rows = Membership.objects
    rows.filter(pk=max_.pk).update(last_seen_at=at - timedelta(days=120))
    rows.filter(pk=mia.pk).update(access_ends_at=at + timedelta(days=5))
    return ada


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("use=unused", ["Max"]),
        ("use=never", ["Mia"]),
        ("use=ending", ["Mia"]),
        ("use=ended", []),
        ("role=admin", ["Max"]),
        ("status=active", ["Ada", "Max", "Mia"]),
    ],
)
def test_filters_find_the_same_everywhere(
    query: str,
    names: list[str],
    people: Membership,
    client_of: ClientOf,
    actor_of: ActorOf,
    at: datetime,
) -> None:
    client = client_of(people)
    _row, text = issue_token(
        actor=actor_of(people), at=at, name="t", scopes=["member:view"], lasts=timedelta(days=1)
    )

    page = client.get(f"/o/acme/members/?{query}").context["page"].rows
    sheet = client.get(f"/o/acme/members/export/?{query}").content.decode()
    bearer = {"Authorization": f"Bearer {text}"}
    api = json.loads(Client().get(f"/api/v1/members?{query}", headers=bearer).content)["results"]

    assert [row.name.split()[0] for row in page] == names
    assert [row[0].split()[0] for row in csv.reader(io.StringIO(sheet))][1:] == names
    assert [row["name"].split()[0] for row in api] == names


def test_custom_roles_and_orders(people: Membership, mia: Membership, client_of: ClientOf) -> None:
    role = Role.objects.create(name="Reader", permissions=["catalog:view"])
    Membership.objects.filter(pk=mia.pk).update(custom_role=role)
    client = client_of(people)

    def names(query: str) -> list[str]:
        rows = client.get(f"/o/acme/members/?{query}").context["page"].rows
        return [row.name.split()[0] for row in rows]

    assert names(f"role=custom:{role.pk}") == ["Mia"]
    assert names("role=viewer") == []
    assert names("sort=seen") == ["Mia", "Max", "Ada"]
    assert names("sort=-seen") == ["Ada", "Max", "Mia"]


def test_pages_follow_the_order_also_past_those_never_seen(
    people: Membership, client_of: ClientOf
) -> None:
    for index in range(60):
        make_member(people.organization, f"P{index:02d} Row", "viewer")
    client, seen, cursor = client_of(people), [], ""

    while True:
        page = client.get(f"/o/acme/members/?sort=seen&cursor={cursor}").context["page"]
        seen += [row.pk for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            break

    assert len(seen) == len(set(seen)) == 63
    assert seen[-1] == people.pk


def test_more_people_cost_no_more_statements(people: Membership, client_of: ClientOf) -> None:
    client = client_of(people)

    def statements() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get("/o/acme/members/")
        return len(queries)

    client.get("/o/acme/members/")
    few = statements()
    for index in range(20):
        make_member(people.organization, f"P{index:02d} Row", "viewer")
    assert statements() == few


def test_a_name_is_no_formula(people: Membership, client_of: ClientOf) -> None:
    Membership.objects.filter(pk=people.pk).update(name="=HYPERLINK(1)")

    sheet = client_of(people).get("/o/acme/members/export/").content.decode()

    assert '"\'=HYPERLINK(1)"' in sheet


@pytest.mark.parametrize(
    "query",
    [
        "role=emperor",
        "role=custom:01900000-0000-7000-8000-000000000000",
        "team=01900000-0000-7000-8000-000000000000",
        "team=x",
        "status=gone",
        "source=nowhere",
        "use=%00",
        "sort=shoe",
    ],
)
def test_a_filter_that_is_not_known_finds_nobody_and_says_so(
    query: str, people: Membership, client_of: ClientOf
) -> None:
    """Symptom: a link to a team that was deleted meanwhile showed everybody."""
    client = client_of(people)
    shown = client.get(f"/o/acme/members/?{query}")
    assert (shown.status_code, list(shown.context["page"].rows)) == (422, [])
    assert "One of the filters is not known here" in shown.content.decode()
    assert client.get(f"/o/acme/members/export/?{query}").status_code == 422
