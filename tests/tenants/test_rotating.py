"""A token is replaced: one successor, an overlap, and nobody gets hold of another's."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, StepUpNeeded
from tenants import clock
from tenants.access import Actor
from tenants.actions.tokens import (
    TokenEnded,
    TokenReplaced,
    issue_token,
    revoke_token,
    rotate_token,
)
from tenants.models import ApiToken, Membership, Policy
from tenants.permissions import BuiltInRole, Permission
from tenants.resolving import RequestFacts, actor_for_token
from tenants.scoping import organization_scope
from tenants.tokens import TokenRefused, authenticate_token
from tests.cast import make_machine, make_member, make_organization
from tests.racing import race

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
HOUR = timedelta(hours=1)


@pytest.fixture
def own(max_: Membership, actor_of: ActorOf, at: datetime) -> tuple[ApiToken, str]:
    return issue_token(
        actor=actor_of(max_), at=at, name="n", scopes=["member:view"], lasts=timedelta(days=30)
    )


@pytest.fixture
def machines(max_: Membership, actor_of: ActorOf, at: datetime) -> tuple[ApiToken, str]:
    return issue_token(
        actor=actor_of(max_),
        at=at,
        name="n",
        kind="agent",
        scopes=["catalog:push"],
        lasts=timedelta(days=30),
        service_account=make_machine(max_, role="admin"),
    )


def come(text: str, at: datetime) -> Actor:
    return actor_for_token(authenticate_token(text, at=at), facts=RequestFacts(), at=at)


@pytest.mark.parametrize("overlap", [timedelta(0), HOUR, 24 * HOUR, timedelta(days=7)])
def test_the_old_one_works_until_the_overlap_ends(
    overlap: timedelta,
    own: tuple[ApiToken, str],
    max_: Membership,
    actor_of: ActorOf,
    at: datetime,
) -> None:
    successor, text = rotate_token(own[0], actor=actor_of(max_), at=at, overlap=overlap)

    second = timedelta(seconds=1)
    if overlap:
        assert authenticate_token(own[1], at=at + overlap - second)
    with pytest.raises(TokenRefused):
        authenticate_token(own[1], at=at + overlap)
    assert authenticate_token(text, at=at + timedelta(days=30) - second) == successor
    old = ApiToken.objects.get(pk=own[0].pk)
    assert (old.successor, old.rotated_at) == (successor, at)
    assert (successor.scopes, successor.kind, successor.owner) == (old.scopes, old.kind, max_)
    (event,) = Event.objects.filter(name="token.rotated")
    assert event.target_id == old.pk
    assert text not in str(event.body)


def test_the_overlap_never_prolongs_the_old_one(
    own: tuple[ApiToken, str], max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    end = at + HOUR
    ApiToken.objects.update(expires_at=end)

    rotate_token(own[0], actor=actor_of(max_), at=at, overlap=24 * HOUR)

    assert ApiToken.objects.get(pk=own[0].pk).expires_at == end


def test_the_policy_bounds_the_successor(
    own: tuple[ApiToken, str], max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    Policy.objects.update(token_max_age=timedelta(days=7))

    successor, _text = rotate_token(own[0], actor=actor_of(max_), at=at, overlap=HOUR)

    assert successor.expires_at == at + timedelta(days=7)


def test_a_token_replaces_itself_and_nothing_else(
    own: tuple[ApiToken, str], machines: tuple[ApiToken, str], at: datetime
) -> None:
    for mine, other in ((own, machines), (machines, own)):
        actor = come(mine[1], at)
        with pytest.raises(NotPermitted):
            rotate_token(other[0], actor=actor, at=at, overlap=HOUR)
        successor, text = rotate_token(mine[0], actor=actor, at=at, overlap=HOUR)
        assert successor.scopes == mine[0].scopes
        assert come(text, at).permissions == actor.permissions
        able = replace(
            actor,
            permissions=actor.permissions | {Permission.TOKEN_ISSUE},
            stepped_up_until=clock.now() + HOUR,
        )
        with pytest.raises(NotPermitted, match="never makes tokens"):
            issue_token(actor=able, at=at, name="x", scopes=mine[0].scopes, lasts=HOUR)


def test_nobody_replaces_what_speaks_for_another(
    own: tuple[ApiToken, str],
    machines: tuple[ApiToken, str],
    ada: Membership,
    sia: Membership,
    actor_of: ActorOf,
    at: datetime,
) -> None:
    for person in (ada, sia):
        with pytest.raises(NotPermitted):
            rotate_token(own[0], actor=actor_of(person), at=at, overlap=HOUR)
    with pytest.raises(NotPermitted):
        rotate_token(machines[0], actor=actor_of(sia), at=at, overlap=HOUR)
    with pytest.raises(StepUpNeeded):
        rotate_token(machines[0], actor=actor_of(ada, stepped_up=False), at=at, overlap=HOUR)
    assert rotate_token(machines[0], actor=actor_of(ada), at=at, overlap=HOUR)


def test_what_is_over_is_not_replaced(
    own: tuple[ApiToken, str],
    machines: tuple[ApiToken, str],
    max_: Membership,
    actor_of: ActorOf,
    at: datetime,
) -> None:
    with pytest.raises(Invalid):
        rotate_token(own[0], actor=actor_of(max_), at=at, overlap=timedelta(days=8))
    rotate_token(own[0], actor=actor_of(max_), at=at, overlap=HOUR)
    with pytest.raises(TokenReplaced):
        rotate_token(own[0], actor=actor_of(max_), at=at, overlap=HOUR)
    revoke_token(machines[0], actor=actor_of(max_), at=at)
    with pytest.raises(TokenEnded):
        rotate_token(machines[0], actor=actor_of(max_), at=at, overlap=HOUR)


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_successor(actor_of: ActorOf) -> None:
    organization, at = make_organization("acme"), clock.now()
    max_ = make_member(organization, "Max Lindqvist", BuiltInRole.ADMIN)
    actor = actor_of(max_)
    with organization_scope(organization.pk):
        token, _text = issue_token(
            actor=actor, at=at, name="n", scopes=["member:view"], lasts=timedelta(days=1)
        )

    attempt = partial(rotate_token, token, actor=actor, at=at, overlap=HOUR)
    results = race([attempt] * 20, organization_id=organization.pk)

    assert sum(isinstance(each, tuple) for each in results) == 1
    assert sum(isinstance(each, TokenReplaced) for each in results) == 19
    with organization_scope(organization.pk):
        assert ApiToken.objects.count() == 2
