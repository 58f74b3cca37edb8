"""Redis does not answer: calls go on, and are still counted."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, override_settings

from portal import caching
from tenants.models import Membership
from tests.cast import make_token_text
from tests.ports import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_redis() -> Iterator[None]:
    backend = {
        "BACKEND": "portal.caching.SteadyRedisCache",
        "LOCATION": f"redis://127.0.0.1:{free_port()}/0",
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
    caching.forget()
    with override_settings(CACHES={"default": backend}):
        yield
    caching.forget()


def test_calls_are_answered_and_limited_by_this_process(ada: Membership, settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    caller = Client(headers={"Authorization": f"Bearer {make_token_text(ada)}"})
    answers = [caller.get("/api/v1/me") for _turn in range(8)]
    statuses = [answer.status_code for answer in answers]
    # A window may begin anew in between; nothing is worse than a refusal.
    assert set(statuses) == {200, 429}
    assert statuses.count(200) in range(3, 7)


def test_the_page_of_passwords_opens_too(ada: Membership) -> None:
    said = {"login": "ada@acme.test", "password": "wrong"}
    assert Client().post("/sign-in/password/", said).status_code in {200, 302, 422}


def test_a_server_that_is_away_is_asked_once_in_a_while() -> None:
    cache.set("one", 1)
    rests_until = caching._Breaker.rests_until
    assert rests_until > time.monotonic()
    assert cache.get("one") == 1
    assert cache.get_many(["one"]) == {"one": 1}
    assert cache.incr("one") == 2
    assert cache.has_key("one")
    assert cache.touch("one")
    cache.set_many({"two": 2})
    cache.delete_many(["two"])
    assert cache.delete("one")
    assert cache.add("one", 3)
    cache.clear()
    assert cache.get("one") is None
    assert caching._Breaker.rests_until == rests_until
