"""The pages behind what goes wrong on our side."""

import re
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tenants.models import Membership

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (OperationalError, 503, "The database does not answer"),
        (ZeroDivisionError, 500, "Something broke on our side"),
    ],
)
def test_a_database_that_is_away_is_told_apart_from_a_fault(
    ada: Membership, client_of: Callable[..., Client],
    error: type[Exception], status: int, title: str,
) -> None:  # fmt: skip
    def fail(*_statement: Any) -> NoReturn:
        raise error("secret words of the database")

    client = client_of(ada)
    client.raise_request_exception = False
    with connection.execute_wrapper(fail):
        answer = client.get("/o/acme/")

    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status == 503)
    page = answer.content.decode()
    assert title in page
    assert "secret words" not in page
    assert re.search(r"<code>[0-9a-f]{32}</code>", page)
