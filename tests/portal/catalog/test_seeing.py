"""Everybody sees the same rows on the page, in the API, in the CSV and in search."""

import csv
import io
import random
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.catalog.actions import set_resource_access, set_team_access
from portal.catalog.listing import Wanted, every_resource, resource_page
from portal.catalog.models import Field, Integration, Resource
from portal.catalog.rules import Level
from portal.catalog.searching import search_resources
from portal.catalog.synthetic import make_resources
from tenants.access import Actor
from tenants.actions.teams import remove_team_member
from tenants.models import Membership, Organization, TeamMember
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member
from tests.portal.catalog.conftest import make_integration, make_team

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]


@pytest.fixture(autouse=True)
def _scope(organization: Organization) -> Iterator[None]:
    with organization_scope(organization.pk):
        yield


def names_on_pages(client: Client, slug: str) -> list[str]:
    names, cursor = [], ""
    while True:
        answer = client.get(f"/o/{slug}/catalog/", {"cursor": cursor} if cursor else {})
        assert answer.status_code == 200
        page = answer.context["page"]
        names += [row.name for row in page.rows]
        if not page.next_cursor:
            return names
        cursor = page.next_cursor


def names_in_csv(client: Client, slug: str, query: str = "") -> list[str]:
    answer = client.get(f"/o/{slug}/catalog/export.csv{query}")
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    return [row[0] for row in rows[1:]]


def names_by_merge(actor: Actor, size: int) -> list[str]:
    names, cursor = [], ""
    while True:
        page = resource_page(actor, Wanted(), cursor=cursor, size=size)
        names += [row.name for row in page.rows]
        if not page.next_cursor:
            return names
        cursor = page.next_cursor


@pytest.mark.parametrize("seed", range(2))
def test_page_csv_search_fields_and_single_look_up_agree(
    seed: int, organization: Organization, max_: Membership, actor_of: ActorOf, client_of: ClientOf
) -> None:
    dice = random.Random(seed)  # noqa: S311
    actor = actor_of(max_)
    integrations = [make_integration(max_, actor, f"Source {n}") for n in range(3)]
    for each in integrations:
        list(make_resources(each, 25, at=timezone.now()))
    roles = (BuiltInRole.VIEWER, BuiltInRole.EDITOR, BuiltInRole.VIEWER)
    people = [make_member(organization, f"P{n} Person", role) for n, role in enumerate(roles)]
    everything = list(Resource.objects.all())
    for n in range(5):
        members = [person for person in people if dice.random() < 0.5]
        team = make_team(organization, f"Team {n}", *members)
        if dice.random() < 0.3:
            set_team_access(dice.choice(integrations), actor=actor, team=team, level=Level.VIEW)
        for row in dice.sample(everything, dice.choice([0, 3, 20])):
            set_resource_access(row, actor=actor, team=team, level=Level.QUERY)

    for person in [max_, *people]:
        seen = actor_of(person)
        expected = list(Resource.objects.visible_to(seen).by_name())
        names = [row.name for row in expected]
        client = client_of(person)
        assert names_on_pages(client, organization.slug) == names
        assert names_in_csv(client, organization.slug) == names
        assert names_by_merge(seen, 7) == names
        assert [row.name for row in every_resource(seen, Wanted())] == names
        found = search_resources(seen, "made orders", 1000)
        assert [hit.title for hit in found] == [name for name in names if "orders" in name]
        assert Field.objects.visible_to(seen).count() == 3 * len(names)
        _check_look_ups(client, organization.slug, everything, {row.pk for row in expected})


def _check_look_ups(client: Client, slug: str, everything: list[Resource], seen: set[UUID]) -> None:
    for row in everything[::15]:
        status = client.get(f"/o/{slug}/catalog/{row.pk}/").status_code
        assert status == (200 if row.pk in seen else 404)


def test_what_a_team_was_given_ends_with_the_place_in_the_team(
    imported: Integration, mia: Membership, max_actor: Actor, actor_of: ActorOf
) -> None:
    team = make_team(imported.organization, "Finance", mia)
    orders = Resource.objects.get(name="fct_orders")
    assert not Resource.objects.visible_to(actor_of(mia)).exists()
    set_resource_access(orders, actor=max_actor, team=team, level=Level.VIEW)
    assert list(Resource.objects.visible_to(actor_of(mia))) == [orders]
    set_team_access(imported, actor=max_actor, team=team, level=Level.VIEW)
    assert Resource.objects.visible_to(actor_of(mia)).count() == 18
    set_team_access(imported, actor=max_actor, team=team, level="")
    assert list(Resource.objects.visible_to(actor_of(mia))) == [orders]
    place = TeamMember.objects.get(team=team, membership=mia)
    remove_team_member(team, actor=max_actor, membership=place.membership)
    assert not Resource.objects.visible_to(actor_of(mia)).exists()


def test_lineage_names_only_what_one_may_see(
    imported: Integration, mia: Membership, max_actor: Actor, client_of: ClientOf
) -> None:
    team = make_team(imported.organization, "Finance", mia)
    for name in ("fct_orders", "stg_payments__payments"):
        row = Resource.objects.get(name=name)
        set_resource_access(row, actor=max_actor, team=team, level=Level.VIEW)
    orders = Resource.objects.get(name="fct_orders")
    answer = client_of(mia).get(f"/o/{imported.organization.slug}/catalog/{orders.pk}/")
    text = answer.content.decode()
    assert "stg_payments__payments" in text
    assert "stg_orders__orders" not in text
    assert "dim_customers" not in text


def test_an_editor_is_told_only_how_much_of_an_integration_they_see(
    organization: Organization,
    imported: Integration,
    max_actor: Actor,
    client_of: ClientOf,
) -> None:
    eda = make_member(organization, "Eda Editor", BuiltInRole.EDITOR)
    team = make_team(organization, "Finance", eda)
    orders = Resource.objects.get(name="fct_orders")
    client = client_of(eda)
    where = f"/o/{organization.slug}/integrations/"
    assert imported.name not in client.get(where).content.decode()
    assert client.get(f"{where}{imported.pk}/").status_code == 404
    set_resource_access(orders, actor=max_actor, team=team, level=Level.VIEW)
    text = client.get(where).content.decode()
    assert "1 resource, 12 fields" in text
    assert client.get(f"{where}{imported.pk}/").status_code == 200
    assert client.get(f"{where}{imported.pk}/imports/").status_code == 404


@pytest.mark.parametrize("person", ["owner", "team", "single"])
def test_the_number_of_queries_does_not_grow_with_the_rows(
    person: str,
    organization: Organization,
    max_: Membership,
    mia: Membership,
    max_actor: Actor,
    actor_of: ActorOf,
) -> None:
    integration = make_integration(max_, max_actor)
    team = make_team(organization, "Finance", mia)
    if person == "team":
        set_team_access(integration, actor=max_actor, team=team, level=Level.VIEW)
    counts = []
    for added in (2, 198):
        before = set(Resource.objects.values_list("pk", flat=True))
        list(make_resources(integration, added, at=timezone.now()))
        if person == "single":
            for row in Resource.objects.exclude(pk__in=before):
                set_resource_access(row, actor=max_actor, team=team, level=Level.VIEW)
        seen = actor_of(max_ if person == "owner" else mia)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page = resource_page(seen, Wanted())
        assert len(page.rows) == min(50, Resource.objects.count())
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_page_makes_the_same_queries_for_2_and_200_rows(
    organization: Organization, max_: Membership, max_actor: Actor, client_of: ClientOf
) -> None:
    integration = make_integration(max_, max_actor)
    client = client_of(max_)
    counts = []
    for added in (2, 198):
        list(make_resources(integration, added, at=timezone.now()))
        client.get(f"/o/{organization.slug}/catalog/")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/o/{organization.slug}/catalog/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    "query",
    [
        "?integration=not-a-uuid",
        "?integration=01900000-0000-7000-8000-000000000000",
        "?kind=widget",
        "?tag=%00",
        "?q=%00%00",
        "?q=%F0%9F%92%A9",
        "?tag=nothing",
    ],
)
def test_a_filter_that_can_match_nothing_finds_nothing(
    query: str, imported: Integration, max_: Membership, client_of: ClientOf
) -> None:
    answer = client_of(max_).get(f"/o/{imported.organization.slug}/catalog/{query}")
    assert answer.status_code == 200
    assert not answer.context["page"].rows
    assert names_in_csv(client_of(max_), imported.organization.slug, query) == []


@pytest.mark.parametrize("cursor", ["x", "%00", "W10", "WyJhIiwiYiJd", "a" * 5000])
def test_a_made_up_cursor_is_400(
    cursor: str, imported: Integration, max_: Membership, client_of: ClientOf
) -> None:
    answer = client_of(max_).get(f"/o/{imported.organization.slug}/catalog/?cursor={cursor}")
    assert answer.status_code == 400


def test_another_organizations_rows_are_unknown_everywhere(
    imported: Integration, ned_integration: Integration, ned: Membership, client_of: ClientOf
) -> None:
    resource = Resource.objects.first()
    assert resource is not None
    client, slug = client_of(ned), ned.organization.slug
    for path in (
        f"catalog/{resource.pk}/",
        f"integrations/{imported.pk}/",
        f"integrations/{imported.pk}/imports/",
        f"integrations/{imported.pk}/access/",
    ):
        assert client.get(f"/o/{slug}/{path}").status_code == 404
    listing = client.get(f"/o/{slug}/catalog/?integration={imported.pk}")
    assert not listing.context["page"].rows
    assert "Warehouse" not in client.get(f"/o/{slug}/integrations/").content.decode().replace(
        "Their warehouse", ""
    )


def test_a_team_of_another_organization_is_no_choice(
    imported: Integration,
    max_: Membership,
    other_organization: Organization,
    client_of: ClientOf,
) -> None:
    foreign = make_team(other_organization, "Theirs")
    own = make_team(imported.organization, "Ours")
    where = f"/o/{imported.organization.slug}/integrations/{imported.pk}/access/"
    client = client_of(max_)
    assert client.post(where, {"team": str(foreign.pk), "level": "view"}).status_code == 422
    assert client.post(where, {"team": str(own.pk), "level": "owner"}).status_code == 422
    shown = client.post(where, {"team": str(own.pk), "level": "view"})
    effect = shown.context["effect"].digest
    given = {"team": str(own.pk), "level": "view", "effect": effect}
    assert client.post(where, given).status_code == 302
    assert "Ours" in client.get(where).content.decode()
