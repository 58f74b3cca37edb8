"""A call costs the same number of statements for two people and for two thousand."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portal.directory.actions import map_group
from portal.directory.models import DirectoryGroup, DirectoryPlace, DirectoryUser
from tenants.access import Actor
from tenants.actions.teams import create_team
from tenants.clock import now
from tenants.models import Membership, TeamMember
from tests.portal.directory.conftest import Directory

FEW, MANY = 2, 2000


def crowd(size: int, name: str) -> list[UUID]:
    """People of the directory with their memberships, made at once."""
    at = now()
    users = User.objects.bulk_create(
        User(email=f"{name}{n}@acme.test", name=f"{name} {n}", password="!") for n in range(size)
    )
    members = Membership.objects.bulk_create(
        Membership(
            user=user, name=user.name, email=user.email, role="viewer", source="scim", joined_at=at
        )
        for user in users
    )
    made = DirectoryUser.objects.bulk_create(
        DirectoryUser(
            user_name=member.email,
            user_name_key=member.email,
            display_name=member.name,
            email=member.email,
            attributes={"userName": member.email},
            membership=member,
            created_at=at,
            changed_at=at,
        )
        for member in members
    )
    return [one.pk for one in made]


def cost(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


@pytest.fixture
def group(idp: Directory, ada: Membership, actor_of: Callable[..., Actor]) -> Any:
    """A group that gives a role and a team: the dearest kind."""
    told = idp.add_group("Everybody")
    team = create_team(actor=actor_of(ada), at=now(), name="Everybody")
    row = DirectoryGroup.objects.get()
    map_group(row, actor=actor_of(ada), role="editor", team=team, version=row.version)
    return told


def test_members_come_and_go_at_the_same_cost(idp: Directory, group: Any) -> None:
    path = f"/Groups/{group['id']}"

    def change(op: str, people: list[UUID]) -> int:
        value = [{"value": str(pk)} for pk in people]
        status: list[int] = []
        spent = cost(
            lambda: status.append(idp.patch(path, {"op": op, "path": "members", "value": value})[0])
        )
        assert status == [204]
        return spent

    few, many, kept = crowd(FEW, "few"), crowd(MANY, "many"), crowd(1, "kept")
    change("add", kept)
    small = [change(op, few) for op in ("add", "remove")]
    large = [change(op, many) for op in ("add", "remove")]

    assert large == small
    change("add", many)
    assert DirectoryPlace.objects.count() == MANY + 1
    assert TeamMember.objects.count() == MANY + 1
    assert Membership.objects.filter(role="editor").count() == MANY + 1


def test_provisioning_and_looking_up_cost_the_same_in_a_crowd(
    idp: Directory, ada: Membership
) -> None:
    def spend(name: str) -> list[int]:
        told: list[Any] = []
        person = idp.person(name)
        return [
            cost(lambda: told.append(idp.call("POST", "/Users", person)[1])),
            cost(lambda: idp.get(f'/Users?filter=userName eq "{name}@acme.test"')),
            cost(lambda: idp.get("/Users?startIndex=1&count=2")),
            cost(
                lambda: idp.patch(
                    f"/Users/{told[0]['id']}",
                    {"op": "replace", "path": "title", "value": "Analyst"},
                )
            ),
            cost(
                lambda: idp.patch(
                    f"/Users/{told[0]['id']}", {"op": "replace", "value": {"active": False}}
                )
            ),
        ]

    spend("first")
    alone = spend("erin")
    crowd(MANY, "many")

    assert spend("zoe") == alone
