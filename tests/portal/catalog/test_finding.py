"""Finding resources by their fields, owner and name; suggestions while somebody types."""

import html
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.catalog.actions import set_resource_access
from portal.catalog.ingest.applying import add_new
from portal.catalog.ingest.relations import Column, Relation, digest_of
from portal.catalog.listing import Wanted, every_resource, resource_page, suggested
from portal.catalog.models import Field, Integration, Resource
from portal.catalog.rules import Level, ResourceKind
from portal.catalog.searching import search_resources
from portal.catalog.synthetic import make_resources
from tenants.access import Actor
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope
from tests.portal.catalog.conftest import make_integration, make_team

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]


@pytest.fixture(autouse=True)
def _scope(organization: Organization) -> Iterator[None]:
    with organization_scope(organization.pk):
        yield


def make_resource(integration: Integration, name: str, **facts: Any) -> Resource:
    fields: dict[str, str] = facts.pop("fields", {})
    columns = [
        Column(name=field, type="TEXT", position=place, description=said)
        for place, (field, said) in enumerate(fields.items(), start=1)
    ]
    relation = Relation(
        unique_key=f"made.{name}", kind=ResourceKind.TABLE, name=name, columns=columns, **facts
    )
    add_new(integration, [(relation, digest_of(relation.packed()))])
    row: Resource = Resource.objects.get(unique_key=relation.unique_key)
    return row


def test_a_resource_found_by_a_field_says_which(
    organization: Organization, integration: Integration, max_: Membership, client_of: ClientOf
) -> None:
    make_resource(
        integration,
        "orders",
        fields={
            "id": "",
            "customerEmail": "",
            "note": "An e-mail, or an EMAIL address",
            "blackmailed": "",
        },
    )
    make_resource(integration, "emails", fields={"id": ""})

    answer = client_of(max_).get(f"/o/{organization.slug}/catalog/", {"q": "email"})
    rows = {row.name: row.found_fields for row in answer.context["page"].rows}
    assert rows == {"orders": ["customerEmail", "note"], "emails": []}
    assert "customerEmail" in answer.content.decode()


def test_fields_are_found_in_every_alphabet_and_wildcards_are_letters(
    integration: Integration, max_actor: Actor
) -> None:
    make_resource(integration, "one", fields={"ÜBERGABE_datum": "", "50%_off": ""})
    make_resource(integration, "two", fields={"50_x_off": "", "x": "\u202eevil\u202c <b>bold</b>"})

    def met(text: str) -> dict[str, Any]:
        return {
            row.name: row.found_fields for row in resource_page(max_actor, Wanted(text=text)).rows
        }

    assert met("übergabe") == {"one": ["ÜBERGABE_datum"]}
    assert met("50%") == {"one": ["50%_off"], "two": ["50_x_off"]}
    assert met("%") == {}
    assert met("_") == {}
    assert met("bold") == {"two": ["x"]}
    assert list(Field.objects.holding(["%_o"]).values_list("name", flat=True)) == ["50%_off"]


def test_names_with_markup_and_marks_are_shown_as_text(
    organization: Organization, integration: Integration, max_: Membership, client_of: ClientOf
) -> None:
    name = "<script>alert(1)</script>\u202eslaes"
    make_resource(integration, name, owner="<i>Ana</i>", fields={"<u>sum</u>": "alert"})
    client, where = client_of(max_), f"/o/{organization.slug}/catalog/"
    for path in (f"{where}?q=alert", f"{where}suggest/?q=alert"):
        text = client.get(path).content.decode()
        assert html.escape(name) in text
        assert "<script>alert" not in text
        assert "<i>Ana" not in text
        assert "<u>sum" not in text


def test_owner_is_a_filter_on_page_csv_and_api(
    organization: Organization,
    integration: Integration,
    max_: Membership,
    max_actor: Actor,
    client_of: ClientOf,
    call: Callable[..., Any],
) -> None:
    make_resource(integration, "hers", owner="Ana@acme.example")
    make_resource(integration, "like", owner="Ana_acme.example")
    make_resource(integration, "named", description="asks ana@acme.example")
    make_resource(integration, "percent", owner="%")

    for owner, names in {
        "ana@ACME.example": ["hers"],
        "Ana%": [],
        "%": ["percent"],
        "nobody": [],
    }.items():
        listed = client_of(max_).get(f"/o/{organization.slug}/catalog/", {"owner": owner})
        assert [row.name for row in listed.context["page"].rows] == names
        assert [row.name for row in every_resource(max_actor, Wanted(owner=owner))] == names
        told = call(max_, "get", "resources", data={"owner": owner}).json()["results"]
        assert [row["name"] for row in told] == names
    too_long = client_of(max_).get(f"/o/{organization.slug}/catalog/", {"owner": "x" * 10_000})
    assert not too_long.context["page"].rows
    assert call(max_, "get", "resources", data={"owner": "x" * 10_000}).status_code == 422


def test_fields_are_searched_over_the_api_within_what_one_sees(
    organization: Organization,
    integration: Integration,
    max_: Membership,
    mia: Membership,
    max_actor: Actor,
    call: Callable[..., Any],
) -> None:
    seen = make_resource(integration, "seen", fields={"amount_paid": "", "id": "of the payment"})
    make_resource(integration, "hidden", fields={"amount_due": ""})
    set_resource_access(
        seen, actor=max_actor, team=make_team(organization, "Finance", mia), level=Level.VIEW
    )

    def names(person: Membership, **query: str) -> list[str]:
        told = call(person, "get", "fields", data=query).json()["results"]
        return sorted(row["name"] for row in told)

    assert names(max_, q="amount") == ["amount_due", "amount_paid"]
    assert names(mia, q="amount") == ["amount_paid"]
    assert names(mia, q="payment") == ["id"]
    assert names(mia, q="%") == []
    assert names(mia, q="amount_due") == []
    assert call(mia, "get", "fields", data={"q": "x" * 201}).status_code == 422
    found = call(mia, "get", "resources", data={"q": "amount"}).json()["results"]
    assert [(row["name"], row["found_fields"]) for row in found] == [("seen", ["amount_paid"])]


def test_suggestions_are_the_rows_of_the_search(
    organization: Organization,
    integration: Integration,
    max_: Membership,
    mia: Membership,
    max_actor: Actor,
    actor_of: ActorOf,
    client_of: ClientOf,
    call: Callable[..., Any],
) -> None:
    list(make_resources(integration, 30, at=timezone.now()))
    team = make_team(organization, "Finance", mia)
    for row in Resource.objects.filter(name__contains="orders")[:2]:
        set_resource_access(row, actor=max_actor, team=team, level=Level.VIEW)

    for person, count in ((max_, 5), (mia, 2)):
        names = [row.name for row in suggested(actor_of(person), "made orders")]
        assert len(names) == count
        assert names == [hit.title for hit in search_resources(actor_of(person), "made orders", 10)]
        told = call(person, "get", "resources/suggest", data={"q": "made orders"})
        assert [row["name"] for row in told.json()["results"]] == names
        shown = client_of(person).get(
            f"/o/{organization.slug}/catalog/suggest/", {"q": "made orders"}
        )
        assert [row.name for row in shown.context["rows"]] == names
    assert call(mia, "get", "resources/suggest").status_code == 422
    assert call(mia, "get", "resources/suggest", data={"q": "x" * 201}).status_code == 422
    assert call(mia, "get", "resources/suggest", data={"q": "a", "size": 51}).status_code == 422
    for text in ("", "%", "\x00", "x" * 10_000):
        answer = client_of(mia).get(f"/o/{organization.slug}/catalog/suggest/", {"q": text})
        assert (answer.status_code, answer.context["rows"]) == (200, [])


def test_suggestions_hold_nothing_of_another_organization(
    imported: Integration, ned: Membership, client_of: ClientOf, call: Callable[..., Any]
) -> None:
    told = call(ned, "get", "resources/suggest", data={"q": "orders"})
    assert told.json()["results"] == []
    shown = client_of(ned).get(f"/o/{ned.organization.slug}/catalog/suggest/", {"q": "orders"})
    assert shown.context["rows"] == []


def test_a_search_and_suggestions_take_the_same_queries_for_2_and_200_rows(
    organization: Organization, max_: Membership, max_actor: Actor, client_of: ClientOf
) -> None:
    integration = make_integration(max_, max_actor)
    client = client_of(max_)
    counts = []
    for added in (2, 198):
        list(make_resources(integration, added, at=timezone.now()))
        for path in ("?q=amount", "suggest/?q=made", "export.csv?q=amount"):
            client.get(f"/o/{organization.slug}/catalog/{path}")
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(f"/o/{organization.slug}/catalog/{path}")
                assert answer.status_code == 200
            counts.append(len(queries))
    assert counts[:3] == counts[3:]
