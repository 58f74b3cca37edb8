"""Answers and providers that lead nowhere: a page, a trace, and nobody in."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portal.outbound.addresses import AddressRefused
from portal.outbound.client import Client as OutboundClient
from portal.sso.actions import disable_connection
from portal.sso.models import SignInAttempt
from portal.sso.oidc import fetching
from portal.sso.refusals import Reason
from tenants.access import system_actor
from tenants.clock import now
from tenants.models import Entry, Organization
from tests.portal.sso.openid.conftest import Browser, Connected
from tests.portal.sso.openid.op import WELL_KNOWN
from tests.portal.sso.openid.traces import is_refused

pytestmark = pytest.mark.django_db
Connect = Callable[..., Connected]


def test_answer_nobody_asked_for(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization)

    response = browser.come_back(at.connection, {"code": "x", "state": "made-up"})

    assert is_refused(response, browser, Reason.OTHER_BROWSER)


@pytest.mark.parametrize("query", ["", "code=x", "state=a&state=b&code=x", "state=" + "s" * 5000])
def test_answer_without_one_state(
    browser: Browser, connected: Connect, organization: Organization, query: str
) -> None:
    at = connected(organization)
    browser.begin(at.connection)

    response = browser.get(f"/sso/{at.connection.pk}/callback/?{query}")

    assert is_refused(response, browser, Reason.OTHER_BROWSER)


def test_answer_meant_for_another_browser(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    new_browser: Callable[[], Browser],
) -> None:
    """Signing a victim in as the attacker, or an attacker as the victim."""
    at = connected(organization)
    sent = browser.at_provider(browser.begin(at.connection))

    thief = new_browser()

    assert is_refused(thief.come_back(at.connection, sent), thief, Reason.OTHER_BROWSER)


def test_answer_for_another_connection(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    other_organization: Organization,
) -> None:
    acme, globex = connected(organization), connected(other_organization)
    sent = browser.at_provider(browser.begin(globex.connection))
    browser.callback = ""

    response = browser.come_back(acme.connection, sent)

    assert is_refused(response, browser, Reason.OTHER_BROWSER)


def test_code_of_another_browser_fails_for_its_verifier(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    new_browser: Callable[[], Browser],
) -> None:
    at = connected(organization)
    stolen = browser.at_provider(browser.begin(at.connection))
    thief = new_browser()
    own = thief.at_provider(thief.begin(at.connection))

    response = thief.come_back(at.connection, {**own, "code": stolen["code"]})

    assert is_refused(response, thief, Reason.NOT_SUCCESS)


def test_answer_is_good_once(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization)
    sent = browser.at_provider(browser.begin(at.connection))
    browser.come_back(at.connection, sent)

    again = browser.come_back(at.connection, sent)

    assert again.status_code == 403
    assert SignInAttempt.objects.order_by("-id")[0].reason == Reason.OTHER_BROWSER
    assert Entry.objects.count() == 1


@pytest.mark.parametrize("sent_issuer", ["https://other.test", ""])
def test_answer_of_another_provider(
    browser: Browser, connected: Connect, organization: Organization, sent_issuer: str
) -> None:
    at = connected(organization)

    response = browser.sign_in(at.connection, iss=sent_issuer)

    assert is_refused(response, browser, Reason.ISSUER)
    assert "/token" not in at.issuer.asked


def test_answer_without_a_name_where_the_provider_always_gives_it(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization)
    sent = browser.at_provider(browser.begin(at.connection))
    del sent["iss"]

    assert is_refused(browser.come_back(at.connection, sent), browser, Reason.ISSUER)


def test_provider_says_no(browser: Browser, connected: Connect, organization: Organization) -> None:
    at = connected(organization)
    sent = browser.at_provider(browser.begin(at.connection))

    response = browser.come_back(
        at.connection, {"state": sent["state"], "error": "access_denied", "iss": sent["iss"]}
    )

    assert is_refused(response, browser, Reason.NOT_SUCCESS)
    assert SignInAttempt.objects.get().received == "access_denied"


TROUBLES = [
    (WELL_KNOWN, "down", Reason.UNREACHABLE),
    (WELL_KNOWN, "slow", Reason.UNREACHABLE),
    (WELL_KNOWN, "huge", Reason.UNREACHABLE),
    (WELL_KNOWN, "moved", Reason.WRONG_ANSWER),
    (WELL_KNOWN, "text", Reason.WRONG_ANSWER),
    (WELL_KNOWN, "list", Reason.WRONG_ANSWER),
    (WELL_KNOWN, "empty", Reason.ISSUER),
    ("/token", "down", Reason.UNREACHABLE),
    ("/token", "slow", Reason.UNREACHABLE),
    ("/token", "text", Reason.WRONG_ANSWER),
    ("/token", "empty", Reason.TOKEN),
    ("/jwks", "down", Reason.UNREACHABLE),
    ("/jwks", "huge", Reason.UNREACHABLE),
    ("/jwks", "moved", Reason.WRONG_ANSWER),
    ("/jwks", "empty", Reason.WRONG_ANSWER),
]


@pytest.mark.parametrize(("path", "trouble", "reason"), TROUBLES)
def test_provider_in_trouble(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    path: str,
    trouble: str,
    reason: Reason,
) -> None:
    at = connected(organization)
    at.issuer.trouble[path] = trouble

    if path == WELL_KNOWN:
        response = browser.post(f"/sso/{at.connection.pk}/start/")
    else:
        response = browser.sign_in(at.connection)

    assert is_refused(response, browser, reason)


def test_provider_that_is_down_is_not_asked_by_every_visitor(
    connected: Connect, organization: Organization, new_browser: Callable[[], Browser]
) -> None:
    at = connected(organization)
    at.issuer.trouble[WELL_KNOWN] = "down"

    for _visit in range(3):
        new_browser().get(f"/sso/{at.connection.pk}/start/")

    assert at.issuer.asked.count(WELL_KNOWN) == 1


@pytest.mark.parametrize(
    "described",
    [
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": "https://evil.test; script-src *"},
        {"token_endpoint": "http://op.test/token"},
        {"jwks_uri": None},
        {"jwks_uri": ["https://op.test/jwks"]},
    ],
)
def test_discovery_with_an_address_that_is_none(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    described: dict[str, Any],
) -> None:
    at = connected(organization)
    at.issuer.describe = described

    response = browser.get(f"/sso/{at.connection.pk}/start/")

    assert is_refused(response, browser, Reason.WRONG_ANSWER)


def test_private_address_is_never_called(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An issuer whose name leads into our own network."""
    at = connected(organization)
    monkeypatch.setattr(
        fetching, "_client", replace(fetching._client, may_connect=OutboundClient().may_connect)
    )

    response = browser.get(f"/sso/{at.connection.pk}/start/")

    assert is_refused(response, browser, Reason.UNREACHABLE)
    assert at.issuer.asked == []


def test_issuer_that_speaks_plain_http_is_never_called() -> None:
    with pytest.raises(AddressRefused):
        OutboundClient().fetch("http://op.test/acme" + WELL_KNOWN)


def test_connection_that_was_disabled_meanwhile(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization)
    sent = browser.at_provider(browser.begin(at.connection))
    disable_connection(at.connection, actor=system_actor(organization), at=now())

    assert is_refused(browser.come_back(at.connection, sent), browser, Reason.INACTIVE)


def test_vendors_application_that_is_not_set_up(
    browser: Browser, connected: Connect, organization: Organization, settings: Any
) -> None:
    at = connected(organization, "google")
    settings.GOOGLE_CLIENT_SECRET = ""

    response = browser.post(f"/sso/{at.connection.pk}/start/")

    assert is_refused(response, browser, Reason.NOT_SET_UP)


def test_saml_connection_has_no_callback(browser: Browser, acme_idp: Any) -> None:
    assert browser.get(f"/sso/{acme_idp.connection.pk}/callback/?state=x&code=y").status_code == 404


def test_flood_of_answers_is_slowed_down(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization)

    answers = [browser.come_back(at.connection, {"state": "x"}).status_code for _i in range(61)]

    assert answers[-1] == 429
    assert SignInAttempt.objects.count() <= 60


def test_flight_recorder_says_rule_by_rule_what_was_wrong(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization, "google")
    at.issuer.says["hd"] = "globex.test"

    browser.sign_in(at.connection)

    checks: Any = SignInAttempt.objects.get().checks
    failed = [check for check in checks if not check["passed"]]
    assert [check["rule"] for check in failed] == ["Workspace domain (hd)"]
    assert (failed[0]["expected"], failed[0]["received"]) == ("acme.test", "globex.test")
    assert failed[0]["fix"]
    assert {"Signature", "Issuer", "Audience"} <= {check["rule"] for check in checks}
