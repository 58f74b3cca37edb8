"""Service accounts and their tokens, on screen and over the API."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.people.machines import chosen_teams
from tenants.access import Actor
from tenants.actions.service_accounts import create_service_account
from tenants.actions.teams import create_team
from tenants.actions.tokens import issue_token
from tenants.models import ApiToken, Membership, ServiceAccount, ServiceAccountPlace
from tenants.scoping import organization_scope
from tests.cast import make_machine
from tests.portal.rest.conftest import Caller, caller_of, fresh_limits, problem  # noqa: F401

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
HERE = "/o/acme/service-accounts/"


@pytest.fixture
def calling(caller_of: Callable[..., Caller], client_of: ClientOf) -> Callable[..., Caller]:  # noqa: F811
    """A caller who confirmed a moment ago, in a browser, that it is them."""

    def build(member: Membership) -> Caller:
        client_of(member)
        return caller_of(member)

    return build


@pytest.fixture
def account(max_: Membership, actor_of: ActorOf, at: datetime) -> ServiceAccount:
    return create_service_account(actor=actor_of(max_), at=at, name="Nightly", role="editor")


def token_of(account: ServiceAccount, actor: Actor, at: datetime, **wish: Any) -> tuple[Any, str]:
    wish = {"name": "ci", "kind": "service", "lasts": timedelta(days=30), **wish}
    return issue_token(actor=actor, at=at, scopes=["catalog:view"], service_account=account, **wish)


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content[:300]
    return sorted(row["name"] for row in json.loads(answer.content)["results"])


class TestApi:
    def test_made_changed_suspended_and_deleted(
        self, ada: Membership, actor_of: ActorOf, calling: Callable[..., Caller], at: datetime
    ) -> None:
        caller = calling(ada)
        team = create_team(actor=actor_of(ada), at=at, name="Data")
        body = {"name": "CI", "role": "viewer", "teams": [str(team.pk)]}

        made = caller.post("service-accounts", body)
        assert made.status_code == 201, made.content
        row = json.loads(made.content)
        path = f"service-accounts/{row['id']}"
        assert (row["role"], row["owner"], row["tokens"]) == ("viewer", str(ada.pk), 0)
        assert row["teams"] == [{"id": str(team.pk), "name": "Data"}]

        problem(caller.patch(path, {"name": "CD"}), 428)
        changed = caller.patch(path, {"name": "CD", "role": "editor"}, If_Match='"1"')
        assert (changed["ETag"], json.loads(changed.content)["role"]) == ('"2"', "editor")
        problem(caller.patch(path, {"name": "CE"}, If_Match='"1"'), 412)
        stopped = json.loads(caller.post(f"{path}/suspend").content)
        assert stopped["suspended_at"]
        assert json.loads(caller.post(f"{path}/reinstate").content)["suspended_at"] is None
        assert names(caller.get("service-accounts?state=active")) == ["CD"]
        assert caller.delete(path).status_code == 204
        assert names(caller.get("service-accounts")) == []
        assert names(caller.get("service-accounts?state=deleted")) == ["CD"]
        said = problem(caller.post(f"{path}/suspend"), 409)
        assert said["code"] == "service-account-deleted"

    @pytest.mark.parametrize(
        ("wish", "pointer"),
        [
            ({"colour": "red"}, "/colour"),
            ({"teams": [str(uuid4())]}, "/teams"),
            ({"role": f"custom:{uuid4()}"}, "/role"),
            ({"role": "emperor"}, "/role"),
            ({"address_rule": "203.0.113.7, everywhere"}, "/address_rule"),
            ({"access_ends_at": "2001-01-01T00:00:00Z"}, "/access_ends_at"),
            ({"name": "n" * 10_000}, "/name"),
            ({"name": "a\u202eb"}, "/name"),
        ],
    )
    def test_bad_input_names_its_place(
        self, wish: Any, pointer: str, ada: Membership, calling: Callable[..., Caller]
    ) -> None:
        body = {"name": "CI", "role": "viewer", **wish}

        said = problem(calling(ada).post("service-accounts", body), 422)

        assert [
            error["pointer"].removeprefix("#").removesuffix("/0") for error in said["errors"]
        ] == [pointer]
        assert not ServiceAccount.objects.exists()

    def test_foreign_ids_are_as_unknown_as_those_that_never_were(
        self,
        account: ServiceAccount,
        ada: Membership,
        ned: Membership,
        actor_of: ActorOf,
        calling: Callable[..., Caller],
        at: datetime,
    ) -> None:
        with organization_scope(ned.organization_id):
            theirs = make_machine(ned, role="viewer")
            team = create_team(actor=actor_of(ned), at=at, name="Theirs")
            token, _text = issue_token(
                actor=actor_of(ned), at=at, name="t", scopes=["team:view"], lasts=timedelta(1)
            )
        caller = calling(ada)
        foreign, nowhere = (
            [
                caller.get(f"service-accounts/{key}"),
                caller.post(f"service-accounts/{key}/suspend"),
                caller.delete(f"service-accounts/{key}"),
                caller.post(f"tokens/{other}/rotate", {"overlap": "now"}),
                caller.patch(
                    f"service-accounts/{account.pk}", {"teams": [str(place)]}, If_Match="*"
                ),
                caller.get(f"tokens?holder={key}"),
            ]
            for key, other, place in (
                (theirs.pk, token.pk, team.pk),
                (uuid4(), uuid4(), uuid4()),
            )
        )

        assert [a.status_code for a in foreign] == [404, 404, 404, 404, 422, 200]
        assert [a.status_code for a in nowhere] == [404, 404, 404, 404, 422, 200]
        assert names(foreign[-1]) == []

    def test_who_may_not_is_refused(
        self, account: ServiceAccount, sia: Membership, calling: Callable[..., Caller]
    ) -> None:
        caller = calling(sia)

        assert names(caller.get("service-accounts")) == ["Nightly"]  # she manages tokens
        for path in ("suspend", "reinstate"):
            problem(caller.post(f"service-accounts/{account.pk}/{path}"), 403)
        problem(caller.post("service-accounts", {"name": "x", "role": "viewer"}), 403)
        problem(caller.delete(f"service-accounts/{account.pk}"), 403)

    def test_a_machine_calls_and_replaces_its_token(
        self, account: ServiceAccount, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        token, text = token_of(account, actor_of(max_), at)
        machine = Caller(text, token)

        said = json.loads(machine.get("me").content)
        assert said["name"] == "Nightly (ci)"
        assert said["permissions"] == ["catalog:view"]
        made = machine.post(f"tokens/{token.pk}/rotate", {"overlap": "1h"})
        assert made.status_code == 201
        fresh = json.loads(made.content)
        assert Caller(fresh["token"], token).get("me").status_code == 200
        assert machine.get("me").status_code == 200  # for another hour
        said = problem(machine.post(f"tokens/{token.pk}/rotate", {"overlap": "now"}), 409)
        assert said["code"] == "token-replaced"
        problem(machine.post(f"tokens/{fresh['id']}/rotate", {"overlap": "now"}), 403)
        problem(machine.post(f"tokens/{token.pk}/rotate", {"overlap": "2h"}), 422)

    def test_a_token_makes_no_tokens(self, ada: Membership, calling: Callable[..., Caller]) -> None:
        body = {"name": "x", "scopes": ["team:view"], "days": 1}

        caller = calling(ada)
        known = ApiToken.objects.count()
        problem(caller.post("tokens", body), 405)

        assert ApiToken.objects.count() == known

    def test_tokens_are_found_by_what_is_wrong_with_them(
        self,
        account: ServiceAccount,
        max_: Membership,
        ada: Membership,
        actor_of: ActorOf,
        calling: Callable[..., Caller],
        at: datetime,
    ) -> None:
        def made(name: str, **facts: Any) -> None:
            token, _text = token_of(account, actor_of(max_), at, name=name, kind="agent")
            facts = {"last_used_at": at, **facts}
            ApiToken.objects.filter(pk=token.pk).update(**facts)

        made("fine")
        made("soon", expires_at=at + timedelta(days=13))
        made("never", last_used_at=None)
        made("idle", last_used_at=at - timedelta(days=91))
        made("gone", revoked_at=at)
        made("over", expires_at=at - timedelta(days=1))
        made("swapped", rotated_at=at)
        caller = calling(ada)

        def found(query: str) -> list[str]:
            return names(caller.get(f"tokens?kind=agent&{query}"))

        assert found("use=expiring") == ["soon"]
        assert found("use=never") == ["never"]
        assert found("use=unused") == ["idle"]
        assert found("state=revoked") == ["gone"]
        assert found("state=expired") == ["over"]
        assert found("state=replaced") == ["swapped"]
        assert found("state=active") == ["fine", "idle", "never", "soon"]
        assert found("q=SWAP") == ["swapped"]
        assert len(found(f"holder={account.pk}")) == 7
        assert found(f"holder={max_.pk}") == []
        problem(caller.get("tokens?use=often"), 422)


def test_the_server_lists_them_without_a_secret(
    account: ServiceAccount, max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    token, text = token_of(account, actor_of(max_), at)
    out = StringIO()

    call_command("service_accounts", organization="acme", json=True, stdout=out)

    row = json.loads(out.getvalue())
    assert (row["name"], row["owner"], row["tokens"]) == ("Nightly", max_.email, 1)
    assert token.prefix not in out.getvalue()
    assert text not in out.getvalue()
    with pytest.raises(CommandError):
        call_command("service_accounts", organization="nowhere")


class TestPages:
    def test_an_admin_makes_a_machine_gives_it_a_token_and_replaces_it(
        self, max_: Membership, client_of: ClientOf
    ) -> None:
        admin = client_of(max_)
        wish = {"name": "CI", "role": "viewer", "address_rule": "203.0.113.0/24"}
        there = admin.post(f"{HERE}new/", wish)
        assert there.status_code == 302
        here = there["Location"]
        assert b"CI" in admin.get(here).content

        form = {"name": "t", "kind": "agent", "days": "30", "scopes": ["catalog:view"]}
        made = admin.post(f"{here}tokens/new/", form)
        text = re.search(rb"gha_\w{46}", made.content)
        assert text is not None
        assert text[0] not in admin.get(here).content
        token = ApiToken.objects.get()
        assert token.service_account is not None

        assert admin.get(f"/o/acme/tokens/{token.pk}/rotate/").status_code == 200
        swapped = admin.post(f"/o/acme/tokens/{token.pk}/rotate/", {"overlap": "24h"})
        fresh = re.search(rb"gha_\w{46}", swapped.content)
        assert fresh is not None
        assert fresh[0] != text[0]
        everybody = admin.get("/o/acme/tokens/?all=1").content
        assert b"Replaced" in everybody
        # A filter that is not known finds none, and never all.
        assert b"gha_" not in admin.get("/o/acme/tokens/?all=1&state=nonsense").content
        assert here.encode() in admin.get(HERE).content
        assert here.encode() not in admin.get(f"{HERE}?state=nonsense").content
        assert admin.get("/o/acme/tokens/").content.count(b"gha_") == 0  # not his own

    def test_changed_suspended_let_in_and_deleted(
        self, account: ServiceAccount, max_: Membership, client_of: ClientOf
    ) -> None:
        admin, here = client_of(max_), f"{HERE}{account.pk}/"
        assert admin.get(f"{here}change/").status_code == 200
        wish = {"name": "Hourly", "role": "viewer", "version": "1"}
        assert admin.post(f"{here}change/", wish).status_code == 302
        assert admin.post(f"{here}change/", {**wish, "role": "owner"}).status_code == 422
        for verb in ("suspend", "reinstate", "delete"):
            assert admin.post(f"{here}{verb}/").status_code == 302
        account.refresh_from_db()
        assert (account.name, account.deleted_at is None) == ("Hourly", False)
        assert admin.get(here).status_code == 200

    def test_a_bad_address_rule_is_named_beside_its_field(
        self, max_: Membership, client_of: ClientOf
    ) -> None:
        wish = {"name": "CI", "role": "viewer", "address_rule": "203.0.113.7, everywhere"}

        answer = client_of(max_).post(f"{HERE}new/", wish)

        assert answer.status_code == 422
        assert "“everywhere” is no address or network" in answer.content.decode()

    def test_a_private_team_that_one_does_not_see_stays(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        team = create_team(actor=actor_of(ada), at=at, name="Hidden", visibility="private")
        account = make_machine(max_, role="viewer")
        ServiceAccountPlace.objects.create(team=team, service_account=account)
        blind = Actor(kind=actor_of(max_).kind, organization=max_.organization, name="x")

        assert chosen_teams([], actor=blind, account=account) == [team]

    @pytest.mark.parametrize("path", ["new/", "{pk}/change/", "{pk}/tokens/new/"])
    def test_others_are_turned_away(
        self, path: str, account: ServiceAccount, sia: Membership, client_of: ClientOf
    ) -> None:
        address = HERE + path.format(pk=account.pk)
        assert client_of(sia).get(address).status_code == 403

    def test_a_viewer_sees_no_machine_of_others(
        self, account: ServiceAccount, mia: Membership, client_of: ClientOf
    ) -> None:
        viewer = client_of(mia)

        assert b"Nightly" not in viewer.get(HERE).content
        assert viewer.get(f"{HERE}{account.pk}/").status_code == 404
