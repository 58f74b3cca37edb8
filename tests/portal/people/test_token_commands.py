"""`manage.py tokens`: listed with the page's filters, and ended."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from audit.models import Event
from audit.names import EventName
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import ApiToken, Membership, ServiceAccount
from tenants.scoping import organization_scope
from tests.cast import make_machine
from tests.portal.people.commands import rows, run

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
AsHolder = Callable[[Membership], str]


def issued(actor: Actor, at: datetime, name: str, **wish: Any) -> ApiToken:
    values = {"lasts": timedelta(days=30), "scopes": ["catalog:view"], **wish}
    with organization_scope(actor.organization_id):
        return issue_token(actor=actor, at=at, name=name, **values)[0]


@pytest.fixture
def account(ada: Membership) -> ServiceAccount:
    return make_machine(ada, role="viewer", name="Nightly")


@pytest.fixture
def tokens(
    ada: Membership, mia: Membership, account: ServiceAccount, actor_of: ActorOf, at: datetime
) -> dict[str, ApiToken]:
    return {
        "mine": issued(actor_of(mia), at, "mine"),
        "short": issued(actor_of(ada), at, "short", lasts=timedelta(days=2)),
        "machine": issued(actor_of(ada), at, "machine", kind="service", service_account=account),
    }


def names(*words: str) -> list[str]:
    return sorted(row["name"] for row in rows("tokens", "list", *words))


def test_the_lists_filters(
    tokens: dict[str, ApiToken], ada: Membership, mia: Membership, max_: Membership, at: datetime
) -> None:
    assert names() == ["machine", "mine", "short"]
    assert names("--search=min") == names(f"--search={tokens['mine'].prefix}") == ["mine"]
    assert names("--kind=service") == ["machine"]
    assert names(f"--holder={mia.email}") == names(f"--holder={mia.pk}") == ["mine"]
    assert names("--holder=Nightly") == ["machine"]
    assert names(f"--holder={ada.email}") == ["short"]
    assert names(f"--holder={max_.email}") == []
    assert names("--use=expiring") == ["short"]
    assert names("--use=never") == ["machine", "mine", "short"]
    ApiToken.objects.filter(name="mine").update(revoked_at=at)
    assert names("--state=revoked") == ["mine"]
    assert names("--state=active") == ["machine", "short"]
    said = run("tokens", "list", "--holder=Nightly")[1]
    assert said.startswith(f"{tokens['machine'].prefix}… machine (service) of Nightly: works until")


def test_no_list_tells_a_secret(tokens: dict[str, ApiToken]) -> None:
    for words in (("list",), ("list", "--json")):
        said = run("tokens", *words)[1]
        assert not any(token.digest in said for token in tokens.values())


def test_ended_all_or_none(tokens: dict[str, ApiToken]) -> None:
    words = (tokens["mine"].prefix, str(tokens["machine"].pk))
    code, said = run("tokens", "end", *words, "--dry-run")
    assert code == 0
    assert said.splitlines()[0] == f"{tokens['mine'].prefix}… mine would stop working."
    assert not ApiToken.objects.exclude(revoked_at=None).exists()
    assert run("tokens", "end", *words, "ghp_none0000") == (2, "There is no token 'ghp_none0000'.")
    assert not ApiToken.objects.exclude(revoked_at=None).exists()

    found = rows("tokens", "end", *words)

    assert [(row["done"], row["prefix"]) for row in found] == [
        (True, tokens["mine"].prefix),
        (True, tokens["machine"].prefix),
    ]
    assert names("--state=revoked") == ["machine", "mine"]
    assert Event.objects.filter(name=EventName.TOKEN_REVOKED).count() == 2
    assert "It had ended already." in run("tokens", "end", words[0])[1]


def test_a_holder_ends_the_own_token_too(
    tokens: dict[str, ApiToken], mia: Membership, as_holder: AsHolder
) -> None:
    option = as_holder(mia)
    own = ApiToken.objects.get(name="everything")

    assert run("tokens", "end", own.prefix, tokens["mine"].prefix, option)[0] == 0

    assert names("--state=revoked") == ["everything", "mine"]
    assert run("tokens", "end", own.prefix, option)[0] == 1


def test_those_of_others_are_unknown_without_the_right_to_manage_tokens(
    tokens: dict[str, ApiToken], mia: Membership, as_holder: AsHolder
) -> None:
    option = as_holder(mia)
    given = tokens["short"].prefix

    code, said = run("tokens", "list", option)
    assert code == 1
    assert said.startswith("Your role does not include “See and revoke everybody's API tokens”.")
    assert run("tokens", "end", given, option) == (2, f"There is no token {given!r}.")
    assert names("--state=revoked") == []


def test_those_of_another_organization_are_as_unknown(
    tokens: dict[str, ApiToken], ned: Membership, actor_of: ActorOf, at: datetime
) -> None:
    far = issued(actor_of(ned), at, "far")

    for given in (far.prefix, str(far.pk)):
        assert run("tokens", "end", given) == (2, f"There is no token {given!r}.")
    assert run("tokens", "list", f"--holder={ned.email}") == (
        2,
        f"There is no holder {ned.email!r}.",
    )
    with organization_scope(ned.organization_id):
        assert ApiToken.objects.get(pk=far.pk).revoked_at is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", f"--search={'x' * 101}"), "search: Ensure this value has at most 100"),
        (("list", "--holder=nobody"), "There is no holder 'nobody'."),
        (("end", ""), "There is no token ''."),
    ],
)
def test_bad_input(tokens: dict[str, ApiToken], words: tuple[str, ...], said: str) -> None:
    code, answer = run("tokens", *words)

    assert code == 2
    assert answer.startswith(said)
