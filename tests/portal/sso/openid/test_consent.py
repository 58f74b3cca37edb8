"""A Microsoft admin's consent comes back to us, says what came of it, and changes nothing."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from portal.sso.oidc.directories import consent_url
from tenants.models import Organization
from tests.portal.sso.openid.conftest import OTHER_TENANT, TENANT, Browser, Connected

pytestmark = pytest.mark.django_db
Connect = Callable[..., Connected]


@pytest.fixture
def asked(connected: Connect, organization: Organization) -> dict[str, str]:
    address = consent_url(connected(organization, "microsoft").connection)
    assert urlsplit(address).path == f"/microsoft/{TENANT}/adminconsent"
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def come_back(browser: Browser, asked: dict[str, str], **said: str) -> Any:
    there = urlsplit(asked["redirect_uri"]).path
    assert there == "/sso/callback/"
    return browser.get(f"{there}?{urlencode({'state': asked['state'], **said})}")


@pytest.mark.parametrize(
    ("said", "heading"),
    [
        ({"admin_consent": "True", "tenant": TENANT}, "Consent was given"),
        ({"admin_consent": "True", "tenant": OTHER_TENANT}, "another Microsoft tenant"),
        ({"admin_consent": "False", "error": "access_denied"}, "Consent was not given"),
    ],
)
def test_result_is_shown(
    browser: Browser, asked: dict[str, str], said: dict[str, str], heading: str
) -> None:
    response = come_back(browser, asked, **said)

    assert response.status_code == 200
    assert heading in response.content.decode()
    assert not browser.is_signed_in


def test_answer_nobody_asked_for_is_none(browser: Browser, asked: dict[str, str]) -> None:
    made_up = {**asked, "state": asked["state"][:-1] + "_"}

    response = come_back(browser, made_up, admin_consent="True", tenant=TENANT)

    assert response.status_code == 400
