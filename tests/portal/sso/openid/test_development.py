"""The demo's own OpenID providers: by clicking alone, and reached by nobody but the demo."""

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from portal.outbound.addresses import AddressRefused
from portal.sso.development import openid
from portal.sso.development.loopback import fetch_own
from portal.sso.development.realms import CLIENT_ID, CLIENT_SECRET, find_realm, tenant_id_of
from portal.sso.models import SignInAttempt
from portal.sso.oidc.addresses import is_usable
from portal.sso.oidc.describing import Description
from portal.sso.refusals import Reason
from tenants.models import Membership, Organization
from tests.portal.sso.openid.conftest import connect

# On PostgreSQL the clock is the database's, so that even a refused call asks it.
pytestmark = pytest.mark.django_db
OURS = "http://localhost/dev/openid/acme"


@pytest.fixture
def demo(settings: Any, tmp_path: Any, live_server: Any) -> str:
    """The portal in a thread of its own, as the demo runs it."""
    settings.DEMO = True
    settings.GATEHOUSE_HOME = tmp_path
    settings.BASE_URL = base = live_server.url
    settings.GOOGLE_ISSUER = f"{base}/dev/openid/google"
    settings.MICROSOFT_AUTHORITY = f"{base}/dev/openid/microsoft"
    for name in ("GOOGLE", "MICROSOFT"):
        setattr(settings, f"{name}_CLIENT_ID", CLIENT_ID)
        setattr(settings, f"{name}_CLIENT_SECRET", CLIENT_SECRET)
    return str(base)


def description_of(kind: str) -> Description:
    if kind == "google":
        return Description(hosted_domain="acme.test")
    if kind == "microsoft":
        return Description(tenant_id=tenant_id_of("acme.test"))
    realm = find_realm("acme")
    assert realm is not None
    return Description(issuer=realm.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)


def by_clicking(base: str, organization: Organization, kind: str, **choice: str) -> Any:
    browser = Client(SERVER_NAME=urlsplit(base).netloc)
    connection = connect(organization, kind, description_of(kind))
    there = browser.post(f"/sso/{connection.pk}/start/")["Location"]
    assert there.startswith(f"{base}/dev/openid/")
    path = there.removeprefix(base)
    assert browser.get(path).status_code == 200
    back = browser.post(path, {"employee": "omar", "how": "honest", **choice})["Location"]
    return browser.get(back.removeprefix(base))


@pytest.mark.urls("tests.portal.sso.demo_urls")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["google", "microsoft", "oidc"])
def test_employee_comes_in(demo: str, organization: Organization, kind: str) -> None:
    response = by_clicking(demo, organization, kind)

    assert response["Location"] == "/o/acme/", SignInAttempt.objects.values_list("received")
    assert Membership.objects.get().email == "omar@acme.test"


@pytest.mark.urls("tests.portal.sso.demo_urls")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("kind", "how", "reason"),
    [
        ("google", "private", Reason.HOSTED_DOMAIN),
        ("microsoft", "private", Reason.TENANT),
        ("oidc", "private", Reason.EMAIL_NOT_VERIFIED),
        ("oidc", "changed", Reason.SIGNATURE),
    ],
)
def test_what_must_be_refused_is(
    demo: str, organization: Organization, kind: str, how: str, reason: Reason
) -> None:
    response = by_clicking(demo, organization, kind, how=how)

    assert response.status_code == 403
    assert re.search(str(reason.label), response.content.decode().replace("&#x27;", "'"))
    assert not Membership.objects.exists()


@pytest.mark.urls("tests.portal.sso.demo_urls")
@pytest.mark.parametrize("query", ["", "client_id=gatehouse&response_type=code&state=x"])
def test_without_a_request_it_says_where_to_start(
    settings: Any, client: Client, query: str
) -> None:
    settings.DEMO = True

    assert client.get(f"/dev/openid/acme/authorize/?{query}").status_code == 400
    assert client.get("/dev/openid/nobody/authorize/").status_code == 404


@pytest.mark.urls("tests.portal.sso.demo_urls")
def test_client_without_its_secret_gets_no_token(settings: Any, client: Client) -> None:
    settings.DEMO = True
    wrong = {"client_id": CLIENT_ID, "client_secret": "guessed", "code": "x"}

    assert client.post("/dev/openid/acme/token/", wrong).status_code == 401
    right = {**wrong, "client_secret": CLIENT_SECRET}
    assert client.post("/dev/openid/acme/token/", right).status_code == 400


def test_outside_the_demo_nothing_of_it_answers(settings: Any, client: Client, rf: Any) -> None:
    settings.DEMO = False

    assert client.get("/dev/openid/acme/.well-known/openid-configuration").status_code == 404
    with pytest.raises(ImproperlyConfigured):
        openid.discovery(rf.get("/"), path="acme")


def test_outside_the_demo_our_own_address_is_as_closed_as_any(settings: Any) -> None:
    settings.DEMO, settings.BASE_URL = False, "http://localhost"

    assert not is_usable(OURS)
    with pytest.raises(AddressRefused):
        fetch_own(OURS)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:1/dev/openid/acme",
        "http://127.0.0.1/dev/openid/acme",
        "http://localhost.evil.test/",
        "http://localhost@evil.test/",
        "http://169.254.169.254/latest/",
    ],
)
def test_in_the_demo_nothing_else_near_is_open(settings: Any, url: str) -> None:
    settings.DEMO, settings.BASE_URL = True, "http://localhost"

    assert is_usable(OURS)
    assert not is_usable(url)
    with pytest.raises(AddressRefused):
        fetch_own(url)
