"""The first page, what waits, and search, as a browser gets them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from lxml import html

from portal.tickets.actions import file_revocation
from tenants.access import Actor
from tenants.models import Membership, Team

ClientOf = Callable[..., Client]


def page(client: Client, path: str) -> html.HtmlElement:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content.decode()[:400]
    return html.fromstring(answer.content.decode())


def test_the_overview_shows_a_request_with_its_clock(
    client_of: ClientOf,
    actor_of: Callable[..., Actor],
    ada: Membership,
    mia: Membership,
    at: datetime,
) -> None:
    ticket = file_revocation(mia, actor=actor_of(ada), at=at)

    shown = page(client_of(ada), "/o/acme/")

    row = shown.xpath(f'//tr[.//a[text()="{ticket.number}"]]')[0]
    assert "Mia Castellan" in row.text_content()
    assert row.xpath(".//time/@data-due")


def test_the_overview_counts_to_the_planned_end_of_an_access(
    client_of: ClientOf,
    actor_of: Callable[..., Actor],
    ada: Membership,
    mia: Membership,
    at: datetime,
) -> None:
    ends = at + timedelta(days=2)
    ticket = file_revocation(mia, actor=actor_of(ada), at=at, effective_at=ends)

    shown = page(client_of(ada), "/o/acme/")

    clock = shown.xpath(f'//tr[.//a[text()="{ticket.number}"]]//time')[0]
    assert datetime.fromisoformat(clock.get("data-due")) == ends


def test_an_owner_is_shown_what_is_left_to_do(client_of: ClientOf, ada: Membership) -> None:
    said = page(client_of(ada), "/o/acme/").text_content()

    assert "Get your workspace ready" in said
    assert "Set up single sign-on" in said


def test_a_viewer_gets_an_overview_of_their_own(client_of: ClientOf, mia: Membership) -> None:
    said = page(client_of(mia), "/o/acme/").text_content()

    assert "Tables and models you can see" in said
    assert "Latest requests" not in said
    assert "Get your workspace ready" not in said


def test_nothing_waits_in_a_new_workspace(client_of: ClientOf, ada: Membership) -> None:
    assert "Nothing waits for you" in page(client_of(ada), "/o/acme/waiting/").text_content()


def test_search_finds_people_and_teams(
    client_of: ClientOf, ada: Membership, mia: Membership, at: datetime
) -> None:
    Team.objects.create(name="Casting", created_at=at)

    shown = page(client_of(ada), "/o/acme/search/?q=cast")

    assert {"Mia Castellan", "Casting"} <= set(shown.xpath("//ul[@class='list']//a/text()"))


def test_search_finds_only_what_one_may_see(
    client_of: ClientOf, ada: Membership, mia: Membership
) -> None:
    assert "Ada Okafor" not in page(client_of(mia), "/o/acme/search/?q=okafor").text_content()


@pytest.mark.parametrize("text", ["", "%", "_", "'; --", "é" * 500, "REV-99999999999", "\ud7ff"])
def test_search_takes_any_text(client_of: ClientOf, ada: Membership, text: str) -> None:
    assert client_of(ada).get("/o/acme/search/", {"q": text}).status_code == 200


def test_search_refuses_what_no_database_takes(client_of: ClientOf, ada: Membership) -> None:
    assert client_of(ada).get("/o/acme/search/", {"q": "a\x00b"}).status_code == 400


@pytest.mark.parametrize("path", ["", "waiting/", "search/?q=a"])
def test_an_outsider_sees_no_workspace(
    client_of: ClientOf, ada: Membership, ned: Membership, path: str
) -> None:
    assert client_of(ned).get(f"/o/acme/{path}").status_code == 404
    assert Client().get(f"/o/acme/{path}").status_code == 302


def test_more_rows_cost_no_more_queries(
    client_of: ClientOf,
    actor_of: Callable[..., Actor],
    ada: Membership,
    max_: Membership,
    sia: Membership,
    mia: Membership,
    aud: Membership,
    at: datetime,
) -> None:
    """Max stays: the checklist asks one thing more once nobody else is left."""
    client = client_of(ada)
    file_revocation(mia, actor=actor_of(ada), at=at)
    client.get("/o/acme/")
    with CaptureQueriesContext(connection) as few:
        client.get("/o/acme/")

    for member in (aud, sia):
        file_revocation(member, actor=actor_of(ada), at=at)
    with CaptureQueriesContext(connection) as more:
        client.get("/o/acme/")

    assert len(more) == len(few)


def test_search_finds_what_the_log_says_about_a_number_and_a_person(
    client_of: ClientOf,
    actor_of: Callable[..., Actor],
    ada: Membership,
    mia: Membership,
    aud: Membership,
    at: datetime,
) -> None:
    ticket = file_revocation(mia, actor=actor_of(ada), at=at)

    by_number = page(client_of(aud), f"/o/acme/search/?q={ticket.number.lower()}").text_content()
    by_person = page(client_of(aud), "/o/acme/search/?q=castellan").text_content()

    assert f"opened the request {ticket.number}" in by_number
    assert "blocked the access of Mia Castellan" in by_person
