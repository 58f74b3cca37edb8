"""Many at once in one team: no place twice, none in a team that is gone, on both engines."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from audit.models import Event
from audit.names import EventName
from audit.refusals import NotFound, Refusal
from portal.catalog.actions import create_integration, set_team_access
from portal.catalog.models import TeamAccess
from tenants.access import Actor
from tenants.actions.managing import sync_places
from tenants.actions.teams import (
    AlreadyInTeam,
    add_team_member,
    create_team,
    delete_team,
    join_default_teams,
    remove_team_member,
    set_team_lead,
    set_team_permissions,
)
from tenants.models import DefaultTeam, ManagedBy, Membership, Organization, Team, TeamMember
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
ActorOf = Callable[..., Actor]


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


@pytest.fixture
def people(acme: Organization) -> list[Membership]:
    ada = make_member(acme, "Ada Okafor", BuiltInRole.OWNER)
    names = ("Bea", "Cem", "Dov", "Eva", "Fay", "Gus")
    return [ada, *(make_member(acme, f"{name} Osei", BuiltInRole.VIEWER) for name in names)]


def unexpected(results: list[Any]) -> list[Any]:
    return [r for r in results if isinstance(r, Exception) and not isinstance(r, Refusal)]


def test_two_joins_at_once_make_one_place(
    acme: Organization, people: list[Membership], actor_of: ActorOf, at: datetime
) -> None:
    with organization_scope(acme.pk):
        team = create_team(actor=actor_of(people[0]), at=at, name="Finance")
    own, by_admin = actor_of(people[1]), actor_of(people[0])
    attempts = [
        partial(add_team_member, team, actor=actor, membership=people[1])
        for actor in (own, by_admin) * 5
    ]

    results = race(attempts, organization_id=acme.pk)

    assert unexpected(results) == []
    assert sum(isinstance(each, AlreadyInTeam) for each in results) == len(attempts) - 1
    with organization_scope(acme.pk):
        assert TeamMember.objects.count() == 1
        assert Event.objects.filter(name=EventName.TEAM_MEMBER_ADDED).count() == 1


def test_a_team_deleted_while_people_come_leaves_no_place(
    acme: Organization, people: list[Membership], actor_of: ActorOf, at: datetime
) -> None:
    admin = actor_of(people[0])
    for name in ("One", "Two", "Three"):
        with organization_scope(acme.pk):
            team = create_team(actor=admin, at=at, name=name)
            source = create_integration(actor=admin, at=at, name=f"Warehouse {name}")

        def given(team: Team = team, source: Any = source) -> object:
            return set_team_access(source, actor=admin, team=team, level="view")

        def arrived(member: Membership, team: Team = team) -> None:
            sync_places(
                member, actor=admin, joins={team.pk}, leaves=(), managed_by=ManagedBy.CONNECTION
            )

        attempts: list[Callable[[], object]] = [
            *(partial(add_team_member, team, actor=admin, membership=p) for p in people[1:4]),
            partial(delete_team, team, actor=admin),
            given,
            *(partial(arrived, member) for member in people[4:]),
        ]
        results = race(attempts, organization_id=acme.pk)

        assert unexpected(results) == []
        refusals = [each for each in results if isinstance(each, Refusal)]
        assert all(isinstance(each, NotFound) for each in refusals)
        with organization_scope(acme.pk):
            assert not Team.objects.filter(pk=team.pk).exists()
            assert not TeamMember.objects.filter(team_id=team.pk).exists()
            assert not TeamAccess.objects.filter(team_id=team.pk).exists()


def test_a_default_team_deleted_while_people_come_keeps_nobody_out(
    acme: Organization, people: list[Membership], actor_of: ActorOf, at: datetime
) -> None:
    admin = actor_of(people[0])
    for name in ("One", "Two", "Three"):
        with organization_scope(acme.pk):
            team = create_team(actor=admin, at=at, name=name)
            DefaultTeam.objects.create(team=team)
        attempts: list[Callable[[], object]] = [
            *(partial(join_default_teams, member, actor=admin) for member in people[1:4]),
            partial(delete_team, team, actor=admin),
            *(partial(join_default_teams, member, actor=admin) for member in people[4:]),
        ]

        results = race(attempts, organization_id=acme.pk)

        assert [each for each in results if isinstance(each, Exception)] == []
        with organization_scope(acme.pk):
            assert not Team.objects.filter(pk=team.pk).exists()
            assert not TeamMember.objects.filter(team_id=team.pk).exists()


def test_leading_leaving_and_permissions_against_each_other(
    acme: Organization, people: list[Membership], actor_of: ActorOf, at: datetime
) -> None:
    admin, bea = actor_of(people[0]), people[1]
    with organization_scope(acme.pk):
        team = create_team(actor=admin, at=at, name="Finance")
        add_team_member(team, actor=admin, membership=bea)
    attempts: list[Callable[[], object]] = [
        partial(set_team_lead, team, actor=admin, membership=bea, is_lead=True),
        partial(remove_team_member, team, actor=actor_of(bea), membership=bea),
        *(
            partial(set_team_permissions, team, actor=admin, version=1, permissions=["audit:view"])
            for _each in range(4)
        ),
    ]

    results = race(attempts, organization_id=acme.pk)

    assert unexpected(results) == []
    with organization_scope(acme.pk):
        assert not TeamMember.objects.exists()
        assert Team.objects.get().version == 2
        changes = Event.objects.filter(name=EventName.TEAM_PERMISSIONS_CHANGED)
        assert changes.count() == 1


def test_who_joins_while_a_team_comes_to_allow_more_is_not_raised_by_it(
    acme: Organization, people: list[Membership], actor_of: ActorOf, at: datetime
) -> None:
    """Either they were in before somebody gave the team more, or they are refused."""
    admin, bea = actor_of(people[0]), people[1]
    with organization_scope(acme.pk):
        team = create_team(actor=admin, at=at, name="Finance")
    allow = partial(set_team_permissions, team, actor=admin, version=1, permissions=["audit:view"])
    join = partial(add_team_member, team, actor=actor_of(bea), membership=bea)

    results = race([allow, join], organization_id=acme.pk)

    assert unexpected(results) == []
    with organization_scope(acme.pk):
        order = list(
            Event.objects.filter(name__startswith="team.")
            .order_by("id")
            .values_list("name", flat=True)
        )
        joined = TeamMember.objects.exists()
    if joined:
        assert order.index("team.member_added") < order.index("team.permissions_changed")
    else:
        assert isinstance(results[1], Refusal)
