"""The commands that ask who can see a resource and what a member can do."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.catalog.actions import create_integration, set_resource_access
from portal.catalog.models import Integration, Resource
from portal.catalog.synthetic import make_resources
from tenants.access import Actor
from tenants.actions.teams import add_team_member, create_team
from tenants.clock import now
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]


@pytest.fixture
def orders(ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime) -> Resource:
    """A resource that Mia sees through a private team."""
    actor = actor_of(ada)
    source: Integration = create_integration(actor=actor, at=at, name="Warehouse")
    list(make_resources(source, 2, at=at))
    team = create_team(actor=actor, at=at, name="Finance zz", visibility="private")
    add_team_member(team, actor=actor, membership=mia)
    row: Resource = Resource.objects.order_by("sort_key")[0]
    set_resource_access(row, actor=actor, team=team, level="query")
    return row


def run(command: str, *options: str) -> tuple[int, str]:
    out = io.StringIO()
    try:
        call_command(command, *options, stdout=out)
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def who(resource: str, *options: str, slug: str = "acme") -> tuple[int, str]:
    return run("who_can_see", f"--organization={slug}", f"--resource={resource}", *options)


def what(member: str, *options: str, slug: str = "acme") -> tuple[int, str]:
    return run("what_can", f"--organization={slug}", f"--member={member}", *options)


def test_who_can_see_names_level_and_path(orders: Resource, mia: Membership) -> None:
    code, said = who(str(orders.pk))
    assert code == 0
    line = f"{mia.name} <{mia.email}>: view and query, through the team “Finance zz”"
    assert line in said.splitlines()
    assert said.splitlines()[-1] == f"2 people can see {orders.path}."
    assert who(orders.name)[1] == said == who(orders.unique_key)[1]


def test_who_can_see_as_json(orders: Resource, mia: Membership) -> None:
    rows = [json.loads(line) for line in who(orders.name, "--json")[1].splitlines()]
    found: dict[str, Any] = {row["email"]: row for row in rows}
    assert found[mia.email]["level"] == "query"
    assert found[mia.email]["paths"] == ["the team “Finance zz”"]


def test_a_name_that_means_two_is_answered_with_their_ids(
    orders: Resource, ada: Membership, actor_of: ActorOf, at: datetime
) -> None:
    other = create_integration(actor=actor_of(ada), at=at, name="Second")
    list(make_resources(other, 2, at=at))
    code, said = who(orders.name)
    assert code == 2
    for row in Resource.objects.filter(name=orders.name):
        assert str(row.pk) in said


def test_what_can_names_rights_and_paths(orders: Resource, mia: Membership) -> None:
    code, said = what(mia.email.upper())
    assert code == 0
    lines = said.splitlines()
    assert f"View and query: {orders.name}, through the team “Finance zz”" in lines
    assert "See teams, through the role “Viewer”" in lines
    rows = [json.loads(line) for line in what(mia.email, "--json")[1].splitlines()]
    assert len(rows) == len(lines) - 1
    assert {"kind": "resource", "key": str(orders.pk), "level": "query"}.items() <= next(
        row for row in rows if row["kind"] == "resource"
    ).items()


def test_who_has_left_can_do_nothing(orders: Resource, mia: Membership) -> None:
    mia.access_ends_at = now() - timedelta(seconds=1)
    mia.save(update_fields=["access_ends_at"])
    assert what(mia.email) == (0, f"{mia.email} can do nothing now: the access has ended.\n")
    assert what(mia.email, "--json") == (0, "")


@pytest.mark.parametrize("name", ["nothing", "01900000-0000-7000-8000-000000000000", "%", ""])
def test_what_is_unknown_ends_with_2(name: str, orders: Resource) -> None:
    assert who(name) == (2, f"There is no resource {name!r}.")
    assert what(name) == (2, f"There is no member {name!r}.")
    assert who(orders.name, slug="none") == (2, "There is no organization 'none'.")
    assert what("x@example.org", slug="none")[0] == 2


def test_another_organizations_things_are_unknown(
    orders: Resource, ned: Membership, mia: Membership, other_organization: Organization
) -> None:
    slug = other_organization.slug
    assert who(str(orders.pk), slug=slug)[0] == 2
    assert who(orders.name, slug=slug)[0] == 2
    assert what(mia.email, slug=slug)[0] == 2
    with organization_scope(ned.organization_id):
        assert what(ned.email, slug=slug)[0] == 0
