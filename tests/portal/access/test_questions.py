"""Who can see this, what can they do: by the code that decides, as far as one may know."""

from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.access.machines import machines_that_see
from portal.access.questions import seers, what_can, who_can_see
from portal.catalog.actions import create_integration, set_resource_access, set_team_access
from portal.catalog.models import Integration, Resource
from portal.catalog.synthetic import make_resources
from tenants.access import Actor
from tenants.actions.service_accounts import create_service_account, suspend_service_account
from tenants.actions.teams import add_team_member, create_team
from tenants.actions.tokens import issue_token
from tenants.models import Membership, Team, TeamMember
from tenants.resolving import RequestFacts, actor_for_token
from tests.cast import make_member

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]


@pytest.fixture
def source(ada: Membership, actor_of: ActorOf, at: datetime) -> Integration:
    made = create_integration(actor=actor_of(ada), at=at, name="Warehouse")
    for _count in make_resources(made, 2, at=at):
        pass
    return made


@pytest.fixture
def finance(ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime) -> Team:
    team = create_team(actor=actor_of(ada), at=at, name="Finance zz", visibility="private")
    add_team_member(team, actor=actor_of(ada), membership=mia)
    return team


def names(thing: Resource | Integration, actor: Actor, at: datetime) -> dict[str, list[str]]:
    rows = who_can_see(thing, actor=actor, at=at)
    return {
        str(each.member): [path.text for path in each.paths]
        for each in seers(rows, thing, actor=actor, at=at)
    }


def test_role_and_teams_are_named_as_paths(
    source: Integration, finance: Team, ada: Membership, mia: Membership, sia: Membership,
    aud: Membership, actor_of: ActorOf, at: datetime,
) -> None:  # fmt: skip
    first, second = Resource.objects.order_by("sort_key")
    set_resource_access(first, actor=actor_of(ada), team=finance, level="query")

    seen = names(first, actor_of(ada), at)
    assert seen == {
        "Ada Okafor": ["the role “Owner”"],
        "Sia Fernandes": ["the role “Security officer”"],
        "Mia Castellan": ["the team “Finance zz”"],
    }
    assert "Mia Castellan" not in names(second, actor_of(ada), at)
    assert names(first, actor_of(sia), at)["Mia Castellan"] == ["a private team"]

    set_team_access(source, actor=actor_of(ada), team=finance, level="view")
    assert "Mia Castellan" in names(source, actor_of(ada), at)
    held = {each.text: [p.text for p in each.paths] for each in what_can(
        mia, actor=actor_of(ada), at=at
    )}  # fmt: skip
    assert held["View metadata: Warehouse"] == ["the team “Finance zz”"]
    assert held[f"View and query: {first.name}"] == ["the team “Finance zz”"]
    assert held["See teams"] == ["the role “Viewer”"]


def test_pages_and_api_answer_alike_and_hide_what_one_may_not_know(
    source: Integration, finance: Team, ada: Membership, mia: Membership, sia: Membership,
    aud: Membership, ned: Membership, actor_of: ActorOf, at: datetime, client_of: ClientOf,
    client: Client,
) -> None:  # fmt: skip
    resource = Resource.objects.first()
    assert resource is not None
    set_resource_access(resource, actor=actor_of(ada), team=finance, level="view")
    address = f"/o/acme/access/resources/{resource.pk}/"
    page = client_of(ada).get(address).content.decode()
    assert "Mia Castellan" in page
    assert "Finance zz" in page
    officers = client_of(sia).get(address).content.decode()
    assert "a private team" in officers
    assert "Finance zz" not in officers
    assert client_of(mia).get(address).status_code == 403
    # An auditor asks about people and integrations; the catalogue itself is not theirs.
    assert client_of(aud).get(address).status_code == 404
    assert client_of(aud).get(f"/o/acme/access/integrations/{source.pk}/").status_code == 200
    person = client_of(aud).get(f"/o/acme/access/members/{mia.pk}/").content.decode()
    assert "Finance zz" not in person
    assert resource.name not in person


@pytest.fixture
def head(ada: Membership, actor_of: ActorOf, at: datetime) -> dict[str, str]:
    scopes = [
        "access:view", "catalog:view", "catalog:view_all", "member:manage", "member:view",
        "team:manage",
    ]  # fmt: skip
    actor = actor_of(ada)
    _token, text = issue_token(actor=actor, at=at, name="t", scopes=scopes, lasts=timedelta(days=1))
    return {"Authorization": f"Bearer {text}"}


def test_the_api_answers_the_same(
    source: Integration, finance: Team, ada: Membership, mia: Membership, actor_of: ActorOf,
    at: datetime, client: Client, head: dict[str, str],
) -> None:  # fmt: skip
    resource = Resource.objects.first()
    assert resource is not None
    set_resource_access(resource, actor=actor_of(ada), team=finance, level="view")

    told = client.get(f"/api/v1/access/resources/{resource.pk}", headers=head).json()
    assert told["count"] == 2
    assert {row["member"]["name"] for row in told["results"]} == {"Ada Okafor", "Mia Castellan"}
    mine = client.get(f"/api/v1/access/members/{mia.pk}", headers=head).json()
    assert any(row["text"] == f"View metadata: {resource.name}" for row in mine["results"])


def preview(client: Client, head: dict[str, str], **wanted: str) -> Any:
    return client.post(
        "/api/v1/access/preview", wanted, content_type="application/json", headers=head
    )


def test_a_preview_over_the_api_changes_nothing(
    source: Integration, finance: Team, ada: Membership, mia: Membership, ned: Membership,
    actor_of: ActorOf, at: datetime, client: Client, head: dict[str, str],
) -> None:  # fmt: skip
    set_team_access(source, actor=actor_of(ada), team=finance, level="view")
    leaving = {"change": "team_member_removed", "team": str(finance.pk)}

    told = preview(client, head, member=str(mia.pk), **leaving)
    assert told.status_code == 200, told.content
    assert told.json()["people"][0]["lost"]["named"][0]["name"] == "Warehouse"
    assert TeamMember.objects.filter(membership=mia).exists()
    assert preview(client, head, member=str(ned.pk), **leaving).status_code == 422
    assert preview(client, head, **leaving).status_code == 422


def test_an_answer_costs_the_same_for_two_and_for_many(
    source: Integration, ada: Membership, actor_of: ActorOf, at: datetime
) -> None:
    resource = Resource.objects.first()
    assert resource is not None
    actor = actor_of(ada)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            names(resource, actor, at)
        return len(queries)

    few = cost()
    made = [make_member(ada.organization, f"P{n} Person", "admin") for n in range(12)]
    team = create_team(actor=actor, at=at, name="Many")
    for member in made:
        TeamMember.objects.create(team=team, membership=member)
    set_resource_access(resource, actor=actor, team=team, level="view")
    assert cost() == few


def test_service_accounts_are_named_as_their_tokens_see(
    source: Integration, finance: Team, ada: Membership, actor_of: ActorOf, at: datetime,
    client_of: ClientOf,
) -> None:  # fmt: skip
    first, second = Resource.objects.order_by("sort_key")
    by = actor_of(ada)
    set_resource_access(first, actor=by, team=finance, level="query")
    made = create_service_account(actor=by, at=at, name="Loader", role="viewer", teams=[finance])
    token, _text = issue_token(
        actor=by, at=at, kind="service", name="t", scopes=["catalog:view"],
        lasts=timedelta(days=1), service_account=made,
    )  # fmt: skip
    machine = actor_for_token(token, facts=RequestFacts(), at=at)

    told = machines_that_see(first, actor=by, at=at)
    seen = set(Resource.objects.visible_to(machine))

    assert [(each.account, str(each.level)) for each in told] == [(made, "query")]
    assert [path.text for path in told[0].paths] == ["the team “Finance zz”"]
    assert machines_that_see(second, actor=by, at=at) == []
    assert seen == {first}
    page = client_of(ada).get(f"/o/acme/access/resources/{first.pk}/")
    assert "Loader" in page.content.decode()

    out = StringIO()
    call_command("who_can_see", organization="acme", resource=str(first.pk), stdout=out)
    assert "Loader (service account)" in out.getvalue()

    suspend_service_account(made, actor=by, at=at)
    assert machines_that_see(first, actor=by, at=at) == []
