"""scim2-tester as the judge: every check of the standard, over HTTP, against a running server."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pytest
import requests
from scim2_client import BaseSyncSCIMClient
from scim2_tester import Status, check_server

from portal.directory.actions import change_brake
from portal.directory.models import DirectoryUser
from tenants.access import Actor
from tenants.models import Membership
from tenants.scoping import organization_scope
from tests.portal.directory.conftest import Directory

pytestmark = [pytest.mark.thorough, pytest.mark.django_db(transaction=True)]


class Addresses(Sequence[str]):
    """Names of people who are in the organization's domain, a new one each time."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: Any) -> Any:
        return f"person{next(self.numbers)}@acme.test"


class Caller(BaseSyncSCIMClient):
    """The judge's client on a real connection."""

    def __init__(self, base: str, token: str) -> None:
        super().__init__()
        self.base, self.session = base, requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def request(self, method: str, url: str, **options: Any) -> Any:
        return self.session.request(method, f"{self.base}{url}", timeout=30, **options)

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return endpoint.startswith("/")


@pytest.fixture
def caller(
    idp: Directory, live_server: Any, ada: Membership, actor_of: Callable[..., Actor]
) -> Iterator[Caller]:
    # The judge deletes what it made, more than five within the hour.
    change_brake(actor=actor_of(ada), percent=100, version=1)
    made = Caller(f"{live_server.url}/scim/v2", idp.token)
    yield made
    made.session.close()


def test_the_judge_finds_nothing(caller: Caller, at: datetime, ada: Membership) -> None:
    caller.discover()
    described = caller.get_resource_model("User")
    assert described is not None
    described.model_fields["user_name"].examples = Addresses()  # type: ignore[assignment]

    results = check_server(caller)

    wrong = [
        f"{one.title}: {one.reason}"
        for one in results
        if one.status not in {Status.SUCCESS, Status.SKIPPED, Status.COMPLIANT, Status.ACCEPTABLE}
    ]
    assert not wrong, "\n".join(wrong)
    assert sum(one.status == Status.SUCCESS for one in results) > 50
    with organization_scope(ada.organization_id):
        assert not DirectoryUser.objects.exclude(email__endswith="@acme.test").exists()
