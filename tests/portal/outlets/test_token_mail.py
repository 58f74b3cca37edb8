"""The letter about a token that ends soon."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parseaddr

import pytest

from portal.people.sweeps import notice_token_ends
from tenants.access import Actor
from tenants.actions.tokens import issue_token, revoke_token, rotate_token
from tenants.models import ApiToken, Membership
from tests.cast import make_machine

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
Post = Callable[..., list]


@pytest.fixture
def token(max_: Membership, actor_of: ActorOf, at: datetime) -> ApiToken:
    return issue_token(
        actor=actor_of(max_),
        at=at,
        name="ci",
        kind="service",
        scopes=["catalog:view"],
        lasts=timedelta(days=30),
        service_account=make_machine(max_, role="viewer"),
    )[0]


def told(post: Post, token: ApiToken, at: datetime) -> list[tuple[str, str]]:
    notice_token_ends(at)
    return [
        (parseaddr(mail.to[0])[1], mail.subject)
        for mail in post(token.organization)
        if "token" in mail.subject and "ends soon" in mail.subject
    ]


def test_whoever_answers_for_it_hears_of_the_end_once(
    token: ApiToken, max_: Membership, post: Post, at: datetime
) -> None:
    week = at + timedelta(days=23)

    assert told(post, token, week - timedelta(seconds=1)) == []
    assert told(post, token, week) == [(max_.email, "The API token ci ends soon")]
    assert told(post, token, week + timedelta(days=1)) == []


def test_what_was_replaced_or_revoked_is_not_announced(
    token: ApiToken, max_: Membership, actor_of: ActorOf, post: Post, at: datetime
) -> None:
    near = at + timedelta(days=25)
    fresh, _text = rotate_token(token, actor=actor_of(max_), at=at, overlap=timedelta(days=7))
    assert told(post, token, at + timedelta(days=1)) == []

    revoke_token(fresh, actor=actor_of(max_), at=at)
    assert told(post, token, near) == []


def test_a_token_for_a_day_is_not_announced(
    max_: Membership, actor_of: ActorOf, post: Post, at: datetime
) -> None:
    token, _text = issue_token(
        actor=actor_of(max_), at=at, name="x", scopes=["team:view"], lasts=timedelta(days=1)
    )

    assert told(post, token, at) == []
