"""A machine of the customer decides only with a token that an owner gave for just that."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from audit.refusals import Invalid, NotPermitted
from portal.grants.actions.decisions import approve_grant
from portal.grants.models import Grant, GrantDecision
from portal.grants.standing import lapsed_because
from portal.grants.terms import Consent
from tenants.access import Actor
from tenants.actions.tokens import issue_token, rotate_token
from tenants.models import ApiToken, Membership, Policy, ServiceAccount
from tests.cast import make_machine, make_token_text

ActorOf = Callable[..., Actor]
GIVEN = {
    "name": "desk",
    "kind": ApiToken.Kind.SERVICE,
    "scopes": ["grant:decide", "grant:view"],
    "lasts": timedelta(days=30),
    "address_rule": "127.0.0.1",
}


@pytest.fixture
def machine(ada: Membership) -> ServiceAccount:
    return make_machine(ada, role="security_officer")


@pytest.fixture
def approve(pending: Grant, client: Client) -> Callable[[str], Any]:
    """The call by which a token approves the request."""

    def call(text: str) -> Any:
        head = {"authorization": f"Bearer {text}", "if-match": f'"{pending.version}"'}
        here = f"/api/v1/grants/{pending.pk}/approve"
        return client.post(here, {}, "application/json", headers=head)

    return call


def test_approves_without_a_step_up(
    approve: Callable[[str], Any], machine: ServiceAccount, ada: Membership, actor_of: ActorOf,
    at: datetime,
) -> None:  # fmt: skip
    _token, text = issue_token(actor=actor_of(ada), at=at, service_account=machine, **GIVEN)

    assert approve(text).status_code == 200
    assert GrantDecision.objects.get(verdict="approved").by_id == machine.pk


def test_does_not_with_a_token_that_is_bound_to_no_address(
    approve: Callable[[str], Any], machine: ServiceAccount, ada: Membership
) -> None:
    answer = approve(make_token_text(ada, machine=machine))

    assert (answer.status_code, answer.json()["code"]) == (403, "step-up-needed")
    assert not GrantDecision.objects.filter(verdict="approved").exists()


def test_is_no_second_person_beside_the_one_who_answers_for_it(
    pending: Grant, approve: Callable[[str], Any], machine: ServiceAccount, ada: Membership,
    actor_of: ActorOf, at: datetime,
) -> None:  # fmt: skip
    Policy.objects.update(approval_quorum=2)
    agreed = approve_grant(pending, actor=actor_of(ada), at=at, consent=Consent())
    pending.version = agreed.version
    _token, text = issue_token(actor=actor_of(ada), at=at, service_account=machine, **GIVEN)

    assert approve(text).json()["code"] == "same-person"
    assert not Grant.objects.get().approved_at


def test_that_may_decide_no_more_opens_nothing_that_starts_later(
    pending: Grant, client: Client, machine: ServiceAccount, ada: Membership, actor_of: ActorOf,
    at: datetime,
) -> None:  # fmt: skip
    _token, text = issue_token(actor=actor_of(ada), at=at, service_account=machine, **GIVEN)
    head = {"authorization": f"Bearer {text}", "if-match": f'"{pending.version}"'}
    start = at + timedelta(days=1)
    body = {"starts_at": start.isoformat()}
    here = f"/api/v1/grants/{pending.pk}/approve"
    assert client.post(here, body, "application/json", headers=head).status_code == 200
    grant = Grant.objects.get()
    assert not lapsed_because(grant, start)

    ServiceAccount.objects.filter(pk=machine.pk).update(role="viewer")

    assert lapsed_because(grant, start) == "approver-left"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address_rule": ""}, "address_rule"),
        ({"lasts": timedelta(days=30, seconds=1)}, "lasts"),
        ({"kind": ApiToken.Kind.AGENT}, "scopes"),
        ({"scopes": ["deletion:file"], "address_rule": " "}, "address_rule"),
    ],
)
def test_gets_no_token_that_is_wider(
    machine: ServiceAccount, ada: Membership, actor_of: ActorOf, at: datetime,
    changes: dict[str, Any], field: str,
) -> None:  # fmt: skip
    with pytest.raises(Invalid) as refused:
        issue_token(actor=actor_of(ada), at=at, service_account=machine, **{**GIVEN, **changes})

    assert list(refused.value.errors) == [field]
    assert not ApiToken.objects.exists()


def test_gets_it_from_an_owner_alone_and_no_successor(
    machine: ServiceAccount, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    with pytest.raises(NotPermitted):
        issue_token(actor=actor_of(max_), at=at, service_account=machine, **GIVEN)

    token, _text = issue_token(actor=actor_of(ada), at=at, service_account=machine, **GIVEN)
    with pytest.raises(NotPermitted):
        rotate_token(token, actor=actor_of(ada), at=at, overlap=timedelta(0))
