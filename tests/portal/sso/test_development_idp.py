"""The demo's identity provider: really signed, and honest about what must be refused."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from portal.sso.demo import connect_demo
from portal.sso.development.views import require_demo
from portal.sso.models import Connection
from portal.sso.refusals import Reason
from tenants.access import system_actor
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope
from tests.portal.sso.conftest import Browser

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.portal.sso.demo_urls")]


@pytest.fixture
def demo(settings: Any, tmp_path: Any) -> None:
    settings.DEMO = True
    settings.BASE_URL = "http://localhost"
    settings.GATEHOUSE_HOME = tmp_path


@pytest.fixture
def connection(
    demo: None, organization: Organization, other_organization: Organization
) -> Connection:
    with organization_scope(other_organization.pk):
        connect_demo(actor=system_actor(other_organization), at=timezone.now())
    return connect_demo(actor=system_actor(organization), at=timezone.now())


def through_the_page(browser: Browser, connection: Connection, **choice: str) -> Any:
    """What a visitor does: start, choose at the identity provider, send."""
    there = browser.post(f"/sso/{connection.pk}/start/")["Location"]
    assert there.startswith("http://localhost/dev/idp/")
    page = browser.get(there.removeprefix("http://localhost"))
    assert page.status_code == 200
    encoded = page.context["encoded"]
    sent = browser.post(f"/dev/idp/{connection.pk}/", {"SAMLRequest": encoded, **choice})
    answer = browser.post(
        f"/sso/{connection.pk}/acs/",
        urlencode({"SAMLResponse": sent.context["response"]}),
        content_type="application/x-www-form-urlencoded",
    )
    return browser.get(answer["Location"]) if answer.status_code == 302 else answer


@pytest.mark.parametrize("who", ["erin", "omar"])
def test_employee_comes_in(browser: Browser, connection: Connection, who: str) -> None:
    response = through_the_page(browser, connection, employee=who, how="honest")

    assert response["Location"] == "/o/acme/"
    assert Membership.objects.get().email == f"{who}@acme.test"


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("other", Reason.ISSUER),
        ("unsigned", Reason.UNSIGNED),
        ("changed", Reason.SIGNATURE),
    ],
)
def test_what_must_be_refused_is(
    browser: Browser, connection: Connection, how: str, reason: Reason
) -> None:
    response = through_the_page(browser, connection, employee="erin", how=how)

    assert response.status_code == 403
    assert str(reason.label) in response.content.decode().replace("&#x27;", "'")
    assert not Membership.objects.exists()


def test_repeating_the_demo_changes_nothing(
    connection: Connection, organization: Organization
) -> None:
    again = connect_demo(actor=system_actor(organization), at=timezone.now())

    assert again.pk == connection.pk
    assert again.version == connection.version


@pytest.mark.parametrize("sent", ["", "nonsense", "PGEvPg=="])
def test_without_a_request_it_says_where_to_start(
    browser: Browser, connection: Connection, sent: str
) -> None:
    response = browser.get(f"/dev/idp/{connection.pk}/", {"SAMLRequest": sent})

    assert response.status_code == 400


def test_outside_the_demo_it_refuses(settings: Any) -> None:
    settings.DEMO = False

    with pytest.raises(ImproperlyConfigured):
        require_demo()
