"""Calls made up from the API's own description: no answer may be a 500 or undescribed."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from portal.rest.describing import description
from portal.wsgi import application
from tenants.models import Membership
from tests.portal.rest.conftest import Caller

load_all_checks()
CHECKS = [
    schemathesis.checks.not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
]
SUPPRESSED = list(HealthCheck)

# A stale version or an illegal state is found before the body is read through.
REFUSED = ["400", "401", "403", "404", "406", "409", "412", "413", "415", "422", "428", "429"]
CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"negative_data_rejection": {"expected-statuses": REFUSED}}}
)


def closing_application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """What a server does at the end of an answer, and this client leaves out: close its body."""
    with closing(application(environ, start_response)) as body:
        return list(body)


schema = schemathesis.openapi.from_dict(description(), config=CONFIG)
schema.app = closing_application


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the test's transaction: a server would close its connection between calls."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def headers(
    one_connection: None, ada: Membership, caller_of: Callable[..., Caller], settings: Any
) -> dict[str, str]:
    settings.API_CALLS_PER_MINUTE = 1_000_000
    return {"Authorization": f"Bearer {caller_of(ada).text}"}


@pytest.mark.thorough
@pytest.mark.django_db
@schema.parametrize()
@settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=SUPPRESSED,
)
def test_an_answer_is_as_described(case: schemathesis.Case, headers: dict[str, str]) -> None:
    case.call_and_validate(headers=headers, checks=CHECKS)
