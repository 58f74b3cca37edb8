"""A POST sent twice happens once, and a change names the version it was decided on."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from portal.rest.models import IdempotencyRecord
from portal.rest.sweeps import forget_kept_answers
from tenants.models import Membership, Team
from tenants.scoping import organization_scope
from tests.portal.rest.conftest import Caller, problem
from tests.racing import race

CallerOf = Callable[..., Caller]


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_the_second_call_gets_the_first_answer(
        self, ada: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(ada)

        first = caller.post("teams", {"name": "Data"}, Idempotency_Key="k1")
        second = caller.post("teams", {"name": "Data"}, Idempotency_Key="k1")

        assert (first.status_code, second.status_code) == (201, 201)
        assert first.content == second.content
        assert second["Idempotency-Replayed"] == "true"
        assert second["Location"] == first["Location"]
        assert Team.objects.filter(name="Data").count() == 1

    def test_another_body_under_the_same_key_is_422(
        self, ada: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(ada)
        caller.post("teams", {"name": "Data"}, Idempotency_Key="k1")

        problem(caller.post("teams", {"name": "Other"}, Idempotency_Key="k1"), 422)

        assert not Team.objects.filter(name="Other").exists()

    def test_a_call_that_changed_nothing_frees_its_key(
        self, ada: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(ada)
        problem(caller.post("teams", {"name": ""}, Idempotency_Key="k1"), 422)

        assert caller.post("teams", {"name": "Data"}, Idempotency_Key="k1").status_code == 201

    def test_keys_of_two_tokens_do_not_meet(self, ada: Membership, caller_of: CallerOf) -> None:
        one, other = caller_of(ada), caller_of(ada)

        first = one.post("teams", {"name": "Data"}, Idempotency_Key="k1")
        second = other.post("teams", {"name": "More"}, Idempotency_Key="k1")

        assert (first.status_code, second.status_code) == (201, 201)

    def test_what_is_shown_once_is_not_shown_again_nor_kept(
        self, ada: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(ada)
        path, body = f"tokens/{caller.token.pk}/rotate", {"overlap": "1h"}

        first = caller.post(path, body, Idempotency_Key="k1")
        second = caller.post(path, body, Idempotency_Key="k1")

        text = json.loads(first.content)["token"]
        assert text.startswith("ghp_")
        assert json.loads(second.content)["token"] is None
        assert text not in IdempotencyRecord.objects.get().body

    def test_kept_answers_are_sealed(self, ada: Membership, caller_of: CallerOf) -> None:
        caller_of(ada).post("teams", {"name": "Very secret"}, Idempotency_Key="k1")

        kept = IdempotencyRecord.objects.get()

        assert "secret" not in kept.body
        assert kept.body.startswith("g1.")

    def test_a_first_call_that_has_not_ended_is_409(
        self, ada: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(ada)
        caller.post("teams", {"name": "Data"}, Idempotency_Key="k1")
        IdempotencyRecord.objects.update(status=None, finished_at=None, body="")

        said = problem(caller.post("teams", {"name": "Data"}, Idempotency_Key="k1"), 409)

        assert said["code"] == "idempotency-running"

    @pytest.mark.parametrize("key", ["a b", "x" * 129, "é"])
    def test_a_key_that_is_none_is_400(
        self, key: str, ada: Membership, caller_of: CallerOf
    ) -> None:
        problem(caller_of(ada).post("teams", {"name": "D"}, Idempotency_Key=key), 400)

    def test_after_a_day_the_key_is_free(self, ada: Membership, caller_of: CallerOf) -> None:
        caller = caller_of(ada)
        caller.post("teams", {"name": "Data"}, Idempotency_Key="k1")
        IdempotencyRecord.objects.update(created_at=timezone.now() - timedelta(hours=25))

        again = caller.post("teams", {"name": "Data"}, Idempotency_Key="k1")

        problem(again, 422)  # carried out anew: the name is taken now

    def test_the_sweep_forgets_old_answers(self, ada: Membership, caller_of: CallerOf) -> None:
        caller = caller_of(ada)
        for key in ("old", "new"):
            caller.post("teams", {"name": key}, Idempotency_Key=key)
        old = IdempotencyRecord.objects.filter(key="old")
        old.update(created_at=timezone.now() - timedelta(hours=25))

        forget_kept_answers(timezone.now())

        assert [row.key for row in IdempotencyRecord.objects.all()] == ["new"]


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one(ada: Membership, caller_of: CallerOf) -> None:
    caller = caller_of(ada)

    def call() -> int:
        alone = Caller(caller.text, caller.token)
        return alone.post("teams", {"name": "Data"}, Idempotency_Key="k1").status_code

    statuses = race([call] * 20, organization_id=ada.organization_id)

    with organization_scope(ada.organization_id):
        assert Team.objects.filter(name="Data").count() == 1
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    connections.close_all()


@pytest.mark.django_db
class TestVersions:
    def test_a_change_needs_the_version_it_was_decided_on(
        self, ada: Membership, caller_of: CallerOf
    ) -> None:
        caller = caller_of(ada)
        made = caller.post("teams", {"name": "Data"})
        where = made["Location"].removeprefix("/api/v1/")

        missing = caller.patch(where, {"name": "A"})
        weak = caller.patch(where, {"name": "A"}, If_Match='W/"1"')
        right = caller.patch(where, {"name": "A"}, If_Match=made["ETag"])
        stale = caller.patch(where, {"name": "B"}, If_Match=made["ETag"])

        problem(missing, 428)
        problem(weak, 412)
        assert right.status_code == 200
        assert right["ETag"] == '"2"'
        problem(stale, 412)
        assert Team.objects.get().name == "A"
