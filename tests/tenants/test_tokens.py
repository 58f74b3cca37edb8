"""Tokens open one organization, for their holder's rights, until revoked or past."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from audit.refusals import Invalid, NotPermitted, StepUpNeeded
from tenants.access import Actor
from tenants.actions.members import contain_member
from tenants.actions.tokens import issue_token, revoke_token
from tenants.models import ApiToken, Membership, Organization
from tenants.permissions import Permission
from tenants.resolving import RequestFacts, actor_for_token
from tenants.tokens import TokenRefused, authenticate_token

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]


@pytest.fixture
def issued(max_: Membership, actor_of: ActorOf, at: datetime) -> tuple[ApiToken, str]:
    return issue_token(
        actor=actor_of(max_),
        at=at,
        name="nightly",
        scopes=[Permission.MEMBER_VIEW, Permission.TICKET_VIEW],
        lasts=timedelta(days=30),
    )


def test_a_token_is_its_holder_cut_to_its_scopes(
    issued: tuple[ApiToken, str], max_: Membership, at: datetime
) -> None:
    token = authenticate_token(issued[1], at=at)

    actor = actor_for_token(token, facts=RequestFacts(), at=at)

    assert actor.membership == max_
    assert actor.permissions == {Permission.MEMBER_VIEW, Permission.TICKET_VIEW}


def test_the_text_is_kept_nowhere(issued: tuple[ApiToken, str]) -> None:
    token, text = issued

    assert text.startswith(token.prefix)
    assert text not in {str(value) for value in vars(token).values()}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1] + ("A" if text[-1] != "A" else "B"),
        lambda text: text[:20] + ("A" if text[20] != "A" else "B") + text[21:],
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: "ghx_" + text[4:],
        lambda _text: "",
        lambda _text: "ghp_" + "é" * 46,
    ],
)
def test_a_spoiled_token_is_refused(
    issued: tuple[ApiToken, str], spoil: Callable[[str], str], at: datetime
) -> None:
    with pytest.raises(TokenRefused):
        authenticate_token(spoil(issued[1]), at=at)


def test_a_token_ends_at_its_instant(issued: tuple[ApiToken, str], at: datetime) -> None:
    assert authenticate_token(issued[1], at=at + timedelta(days=30, microseconds=-1))

    with pytest.raises(TokenRefused):
        authenticate_token(issued[1], at=at + timedelta(days=30))


def test_a_revoked_token_is_refused(
    issued: tuple[ApiToken, str], max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    revoke_token(issued[0], actor=actor_of(max_), at=at)

    with pytest.raises(TokenRefused):
        authenticate_token(issued[1], at=at)


def test_a_blocked_holder_takes_the_token_along(
    issued: tuple[ApiToken, str],
    ada: Membership,
    max_: Membership,
    actor_of: ActorOf,
    at: datetime,
) -> None:
    contain_member(max_, actor=actor_of(ada), at=at)

    with pytest.raises(TokenRefused):
        authenticate_token(issued[1], at=at)


def test_a_closed_organization_takes_its_tokens_along(
    issued: tuple[ApiToken, str], max_: Membership, at: datetime
) -> None:
    organization = max_.organization
    organization.status = Organization.Status.CLOSED
    organization.save(update_fields=["status"])

    with pytest.raises(TokenRefused):
        authenticate_token(issued[1], at=at)


def test_while_an_organization_closes_its_tokens_only_read(
    max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    """Nothing is written that the closing would have to find; what is there may be taken out."""
    scopes = ["member:view", "audit:export", "catalog:view_all", "member:manage", "token:issue"]
    _, text = issue_token(
        actor=actor_of(max_), at=at, name="ci", scopes=scopes, lasts=timedelta(days=1)
    )
    before = actor_for_token(authenticate_token(text, at=at), facts=RequestFacts(), at=at)
    Organization.objects.filter(pk=max_.organization_id).update(status="closing")
    actor = actor_for_token(authenticate_token(text, at=at), facts=RequestFacts(), at=at)

    assert before.permissions > actor.permissions
    assert {p.value for p in actor.permissions} == {p for p in scopes if "view" in p or "ex" in p}


def test_an_address_rule_is_held(max_: Membership, actor_of: ActorOf, at: datetime) -> None:
    _, text = issue_token(
        actor=actor_of(max_),
        at=at,
        name="office",
        scopes=["member:view"],
        lasts=timedelta(days=1),
        address_rule="203.0.113.0/24",
    )

    for address in ("203.0.113.9", "::ffff:203.0.113.9"):
        assert authenticate_token(text, at=at, address=address)
    for address in ("198.51.100.1", "::ffff:198.51.100.1", ""):
        with pytest.raises(TokenRefused):
            authenticate_token(text, at=at, address=address)


def test_issuing_needs_a_step_up(max_: Membership, actor_of: ActorOf, at: datetime) -> None:
    with pytest.raises(StepUpNeeded):
        issue_token(
            actor=actor_of(max_, stepped_up=False),
            at=at,
            name="x",
            scopes=["member:view"],
            lasts=timedelta(days=1),
        )


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": " "}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["deletion:close_organization"]}),
        ("scopes", {"scopes": ["made:up"]}),
        ("lasts", {"lasts": timedelta(days=400)}),
        ("address_rule", {"address_rule": "everywhere"}),
    ],
)
def test_a_bad_wish_names_its_field(
    max_: Membership, actor_of: ActorOf, at: datetime, field: str, values: dict[str, object]
) -> None:
    wish = {"name": "x", "scopes": ["member:view"], "lasts": timedelta(days=1), **values}

    with pytest.raises(Invalid) as refused:
        issue_token(actor=actor_of(max_), at=at, **wish)

    assert field in refused.value.errors
    assert not ApiToken.objects.exists()


def test_nobody_revokes_anothers_token_without_the_right(
    issued: tuple[ApiToken, str], mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    with pytest.raises(NotPermitted):
        revoke_token(issued[0], actor=actor_of(mia), at=at)
