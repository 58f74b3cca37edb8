"""A form sent slowly must not act after its sender's access was ended."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.refusals import NotPermitted
from tenants.access import Actor, system_actor
from tenants.actions.entries import end_entries_of
from tenants.actions.invitations import send_invitation
from tenants.actions.members import contain_member
from tenants.actions.tokens import issue_token, revoke_token
from tenants.models import Invitation, Membership
from tenants.resolving import RequestFacts, actor_for_session, actor_for_token
from tests.cast import open_session

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]


@pytest.fixture
def by_session(max_: Membership, at: datetime) -> Actor:
    """Max, as a request had him when its first byte arrived."""
    client = Client()
    open_session(client, max_)
    key = str(client.session.session_key)
    actor = actor_for_session(key, max_.user_id, max_.organization, at=at)
    assert actor is not None
    return actor


@pytest.fixture
def by_token(max_: Membership, actor_of: ActorOf, at: datetime) -> Actor:
    actor = actor_of(max_)
    scopes = [str(permission) for permission in actor.permissions]
    token, _text = issue_token(
        actor=actor, at=at, name="CI", scopes=scopes, lasts=timedelta(days=1)
    )
    return actor_for_token(token, facts=RequestFacts(), at=at)


@pytest.mark.parametrize("way_in", ["by_session", "by_token"])
def test_a_blocked_person_acts_no_more(
    request: pytest.FixtureRequest, ada: Membership, max_: Membership, way_in: str, at: datetime
) -> None:
    actor: Actor = request.getfixturevalue(way_in)
    contain_member(max_, actor=system_actor(max_.organization), at=at)

    with pytest.raises(NotPermitted):
        send_invitation(actor=actor, at=at, email="friend@away.test", role="admin")

    assert not Invitation.objects.exists()


def test_an_ended_session_acts_no_more(
    ada: Membership, max_: Membership, by_session: Actor, at: datetime
) -> None:
    end_entries_of(max_, at=at, because="signed out from another device")

    with pytest.raises(NotPermitted):
        send_invitation(actor=by_session, at=at, email="friend@away.test", role="admin")


def test_a_revoked_token_acts_no_more(
    ada: Membership, max_: Membership, actor_of: ActorOf, by_token: Actor, at: datetime
) -> None:
    assert by_token.token is not None
    revoke_token(by_token.token, actor=actor_of(max_), at=at)

    with pytest.raises(NotPermitted):
        send_invitation(actor=by_token, at=at, email="friend@away.test", role="admin")


def test_one_who_is_still_here_acts(
    ada: Membership, by_session: Actor, by_token: Actor, at: datetime
) -> None:
    for number, actor in enumerate((by_session, by_token)):
        send_invitation(actor=actor, at=at, email=f"new-{number}@acme.test", role="viewer")

    assert Invitation.objects.count() == 2
