"""Who gets in, what is refused at the door, and that every no has one shape."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Event
from audit.names import EventName
from tenants.access import system_actor
from tenants.actions.members import contain_member
from tenants.models import ApiToken, Membership
from tenants.permissions import Permission
from tests.portal.rest.conftest import Caller, problem

pytestmark = pytest.mark.django_db
CallerOf = Callable[..., Caller]


class TestTheDoor:
    def test_without_a_token_the_answer_says_how_to_send_one(self, client: Client) -> None:
        answer = client.get("/api/v1/me")

        assert "Authorization: Bearer" in problem(answer, 401)["detail"]
        assert answer["WWW-Authenticate"].startswith("Bearer")

    @pytest.mark.parametrize(
        "header",
        ["Bearer", "Bearer x", "Token abc", "Basic YTpi", "Bearer " + "é" * 20, "B" * 9000],
    )
    def test_anything_else_than_a_token_is_401(self, client: Client, header: str) -> None:
        problem(client.get("/api/v1/me", headers={"Authorization": header}), 401)

    def test_a_changed_token_is_401(self, ada: Membership, caller_of: CallerOf) -> None:
        caller = caller_of(ada)
        swapped = caller.text[:-7] + ("A" if caller.text[-7] != "A" else "B") + caller.text[-6:]

        problem(caller.get("me", Authorization=f"Bearer {swapped}"), 401)

    @pytest.mark.parametrize("name", ["access_token", "token", "api_key", "ACCESS_TOKEN"])
    def test_a_token_in_the_address_is_refused(
        self, name: str, ada: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(ada)

        said = problem(caller.get(f"me?{name}={caller.text}"), 400)

        assert "Authorization header" in said["detail"]

    def test_an_expired_and_a_revoked_token_are_401(
        self, ada: Membership, caller_of: CallerOf
    ) -> None:
        expired, revoked = caller_of(ada), caller_of(ada)
        ApiToken.objects.filter(pk=expired.token.pk).update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )
        ApiToken.objects.filter(pk=revoked.token.pk).update(revoked_at=timezone.now())

        problem(expired.get("me"), 401)
        problem(revoked.get("me"), 401)

    def test_a_token_dies_with_its_holders_access(
        self, ada: Membership, mia: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(mia)
        assert caller.get("me").status_code == 200

        contain_member(mia, actor=system_actor(mia.organization), at=timezone.now())

        problem(caller.get("me"), 401)

    def test_a_token_never_does_more_than_its_holder(
        self, ada: Membership, max_: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(max_)
        Membership.objects.filter(pk=max_.pk).update(role="viewer")

        held = json.loads(caller.get("me").content)["permissions"]

        assert "member:manage" not in held
        problem(caller.get("members"), 403)

    def test_a_scope_that_was_not_asked_for_is_403_and_on_record(
        self, ada: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(ada, Permission.TEAM_VIEW)

        problem(caller.get("members"), 403)

        refused = Event.objects.filter(name=EventName.ACTION_REFUSED).latest("id")
        assert refused.actor_kind == "token"

    def test_plain_http_is_refused_and_not_redirected(
        self, ada: Membership, caller_of: CallerOf, settings: Any
    ) -> None:
        caller = caller_of(ada)
        settings.BASE_URL, settings.SECURE_SSL_REDIRECT = "https://testserver", True

        problem(caller.get("me"), 403)

    def test_the_address_rule_holds(self, ada: Membership, caller_of: CallerOf) -> None:
        problem(caller_of(ada, address_rule="203.0.113.0/24").get("me"), 401)
        assert caller_of(ada, address_rule="127.0.0.0/8").get("me").status_code == 200


class TestTheShape:
    def test_an_unknown_address_is_a_problem_and_only_for_token_holders(
        self, ada: Membership, caller_of: CallerOf, client: Client
    ) -> None:
        problem(client.get("/api/v1/nothing/here"), 401)
        problem(caller_of(ada).get("nothing/here"), 404)
        problem(caller_of(ada).get("members/not-a-uuid"), 404)

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
    def test_a_verb_that_is_not_there_is_405(
        self, method: str, ada: Membership, caller_of: CallerOf
    ) -> None:
        answer = caller_of(ada).send(method, "members")

        problem(answer, 405)
        assert answer["Allow"] == "GET, HEAD"

    @pytest.mark.parametrize(
        ("raw", "status"),
        [
            (b"{", 400),
            (b"\xff\xfe", 400),
            (b'{"name": "a", "name": "b"}', 400),
            (b'{"name": NaN}', 400),
            (b"[" * 100_000, 400),
            (b'{"a":' * 60 + b"1" + b"}" * 60, 400),
            (b"[]", 422),
            (b"null", 422),
            (b'"text"', 422),
            (b'{"name": "a\\u0000b"}', 422),
            (b'{"name": "\\ud800"}', 422),
            (b'{"name": 1e999}', 422),
            (b'{"name": 12}', 422),
            (b'{"name": ["a"]}', 422),
            (b'{"name": "' + b"a" * 81 + b'"}', 422),
            (b'{"name": "a", "organization": "x"}', 422),
            (b'{"name": "' + b"a" * 1_100_000 + b'"}', 413),
        ],
    )
    def test_a_body_that_does_not_hold_says_so(
        self, raw: bytes, status: int, ada: Membership, caller_of: CallerOf
    ) -> None:
        problem(caller_of(ada).send("POST", "teams", raw), status)

    def test_errors_point_at_the_field(self, ada: Membership, caller_of: CallerOf) -> None:
        body = {"name": "x", "permissions": ["team:view", "x" * 61]}

        said = problem(caller_of(ada).post("custom-roles", body), 422)

        assert said["errors"][0]["pointer"] == "#/permissions/1"

    def test_another_kind_of_body_or_answer_is_refused(
        self, ada: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(ada)
        headers = {"Authorization": f"Bearer {caller.text}"}

        xml = caller.client.post("/api/v1/teams", b"<a/>", "application/xml", headers=headers)

        problem(xml, 415)
        problem(caller.get("me", Accept="text/html"), 406)

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("?size=0", 422),
            ("?size=201", 422),
            ("?size=a", 422),
            ("?unknown=1", 422),
            ("?role=king", 422),
            ("?q=a%00b", 422),
            ("?size=1&size=2", 400),
            ("?cursor=nonsense", 400),
            ("?cursor=W10", 400),
            ("?team=7f000000-0000-7000-8000-000000000000", 422),
        ],
    )
    def test_parameters_are_strict(
        self, query: str, status: int, ada: Membership, caller_of: CallerOf
    ) -> None:
        answer = caller_of(ada).get(f"members{query}")

        assert answer.status_code == status, answer.content[:300]

    @pytest.mark.parametrize("year", ["0001", "0195", "9999"])
    def test_a_wild_year_finds_nothing_or_all_and_never_fails(
        self, year: str, ada: Membership, caller_of: CallerOf
    ) -> None:
        for bound in ("since", "until"):
            answer = caller_of(ada).get(f"events?{bound}={year}-01-01T00:00:00%2B00:24")

            assert answer.status_code in {200, 422}

    def test_every_answer_is_private_and_named(self, ada: Membership, caller_of: CallerOf) -> None:
        answer = caller_of(ada).get("me")

        assert answer["Cache-Control"] == "no-store"
        assert answer["X-Request-Id"]


class TestLimits:
    def test_the_quota_is_told_and_kept(
        self, ada: Membership, caller_of: CallerOf, settings: object
    ) -> None:
        settings.API_CALLS_PER_MINUTE = 3  # type: ignore[attr-defined]
        caller = caller_of(ada)

        left = [caller.get("me")["RateLimit"] for _ in range(3)]
        answer = caller.get("me")

        assert [part.split(";")[1] for part in left] == ["r=2", "r=1", "r=0"]
        problem(answer, 429)
        assert int(answer["Retry-After"]) <= 60

    def test_guessing_tokens_ends_in_429_and_a_good_one_still_works(
        self, ada: Membership, caller_of: CallerOf, settings: object
    ) -> None:
        settings.API_FAILURES_PER_MINUTE = 2  # type: ignore[attr-defined]
        caller = caller_of(ada)
        guess = {"Authorization": "Bearer ghp_guess"}

        statuses = [caller.get("me", **guess).status_code for _ in range(4)]

        assert statuses == [401, 401, 429, 429]
        assert caller.get("me").status_code == 200
