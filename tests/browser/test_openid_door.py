"""Several ways at the door, by clicking: the choice, the page before, the provider, and in."""

from typing import Any

import pytest
from django.core.cache import cache

from portal.sso.development.realms import CLIENT_ID, CLIENT_SECRET, find_realm, tenant_id_of
from portal.sso.oidc.describing import Description
from tests.browser.test_pages import LOOKS, _faults
from tests.cast import make_organization
from tests.chromium import Window
from tests.portal.sso.openid.conftest import connect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.portal.sso.demo_urls"),
]


@pytest.fixture
def door(settings: Any, tmp_path: Any, live_server: Any) -> None:
    """Acme, connected to three providers that the demo plays."""
    cache.clear()  # the key set of the test before: each has a provider with keys of its own
    settings.DEMO = True
    settings.GATEHOUSE_HOME = tmp_path
    settings.BASE_URL = live_server.url
    settings.GOOGLE_ISSUER = f"{live_server.url}/dev/openid/google"
    settings.MICROSOFT_AUTHORITY = f"{live_server.url}/dev/openid/microsoft"
    for name in ("GOOGLE", "MICROSOFT"):
        setattr(settings, f"{name}_CLIENT_ID", CLIENT_ID)
        setattr(settings, f"{name}_CLIENT_SECRET", CLIENT_SECRET)
    acme, realm = make_organization("acme", name="Acme Health"), find_realm("acme")
    assert realm is not None
    own = Description(issuer=realm.issuer, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    connect(acme, "google", Description(hosted_domain="acme.test"))
    connect(acme, "microsoft", Description(tenant_id=tenant_id_of("acme.test")))
    connect(acme, "oidc", own)


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_employee_chooses_and_comes_in(door: None, window: Any, theme: str, width: int) -> None:
    seen: Window = window(theme=theme, width=width)
    page = seen.open("/")
    page.get_by_label("Work e-mail").fill("omar@acme.test")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/sign-in/choose/")
    faults = _faults(seen, "/sign-in/choose/")

    page.get_by_role("link", name="Continue with Google").click()
    page.wait_for_url("**/start/")
    faults += _faults(seen, page.url.removeprefix(seen.base))
    page.get_by_role("button", name="Continue with Google").click()
    page.wait_for_url("**/authorize/**")
    faults += _faults(seen, page.url.removeprefix(seen.base))
    page.get_by_text("Omar Haddad").click()
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/o/acme/")

    assert faults == []
    assert seen.complaints == []
