"""A team is deleted in the moment somebody uses it: a refusal with words, and nothing half done."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from audit.refusals import Invalid, NotFound, Refusal
from tenants.access import Actor
from tenants.actions.handing_over import hand_over_lead
from tenants.actions.policies import change_policy
from tenants.actions.service_accounts import change_service_account, create_service_account
from tenants.actions.teams import add_team_member, create_team, delete_team
from tenants.models import (
    DefaultTeam,
    Membership,
    Organization,
    Policy,
    ServiceAccount,
    ServiceAccountPlace,
    Team,
    TeamMember,
)
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_machine, make_member, make_organization
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
ActorOf = Callable[..., Actor]
Attempt = Callable[[], object]


@pytest.fixture
def acme() -> Organization:
    return make_organization("acme")


@pytest.fixture
def ada(acme: Organization) -> Membership:
    return make_member(acme, "Ada Okafor", BuiltInRole.OWNER)


@pytest.fixture
def lead(acme: Organization) -> Membership:
    return make_member(acme, "Mia Tanaka", BuiltInRole.VIEWER)


@pytest.fixture
def team(
    acme: Organization, ada: Membership, lead: Membership, actor_of: ActorOf, at: datetime
) -> Team:
    actor = actor_of(ada)
    with organization_scope(acme.pk):
        made = create_team(actor=actor, at=at, name="Finance")
        add_team_member(made, actor=actor, membership=lead, is_lead=True)
    return made


@pytest.fixture
def uses(
    acme: Organization,
    ada: Membership,
    lead: Membership,
    team: Team,
    actor_of: ActorOf,
    at: datetime,
) -> list[Attempt]:
    """Every use of a team that was read before, as a form and a call read it."""
    actor, account = actor_of(ada), make_machine(ada, role=BuiltInRole.VIEWER)
    with organization_scope(acme.pk):
        policy = Policy.objects.get()
    return [
        partial(
            create_service_account,
            actor=actor,
            at=at,
            name="Reporting",
            role=BuiltInRole.VIEWER,
            teams=[team],
        ),
        partial(change_service_account, account, actor=actor, at=at, version=1, teams=[team]),
        partial(change_policy, policy, actor=actor, version=1, default_teams=[team.pk]),
        partial(hand_over_lead, team, actor=actor, leader=lead, successor=ada),
    ]


def test_a_team_that_was_read_and_is_gone_is_refused_with_words(
    acme: Organization, ada: Membership, team: Team, uses: list[Attempt], actor_of: ActorOf
) -> None:
    with organization_scope(acme.pk):
        delete_team(team, actor=actor_of(ada))

    results = [result for use in uses for result in race([use], organization_id=acme.pk)]

    assert [type(each) for each in results] == [NotFound, NotFound, Invalid, NotFound]
    with organization_scope(acme.pk):
        assert not ServiceAccount.objects.filter(name="Reporting").exists()
        assert ServiceAccount.objects.get().version == Policy.objects.get().version == 1


def test_a_team_deleted_while_it_is_used_leaves_nothing(
    acme: Organization, ada: Membership, team: Team, uses: list[Attempt], actor_of: ActorOf
) -> None:
    results = race(
        [*uses, partial(delete_team, team, actor=actor_of(ada))], organization_id=acme.pk
    )

    failures = [each for each in results if isinstance(each, Exception)]
    assert all(isinstance(each, Refusal) for each in failures), failures
    with organization_scope(acme.pk):
        assert not Team.objects.exists()
        for model in (ServiceAccountPlace, DefaultTeam, TeamMember):
            assert not model.objects.exists()
