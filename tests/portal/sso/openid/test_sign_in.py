"""An employee comes in by Google, Microsoft or another OpenID provider, into one workspace."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount

from audit.models import Event
from audit.names import EventName
from portal.sso.models import SignInAttempt
from tenants.models import Entry, Membership, Organization, Policy
from tenants.scoping import organization_scope
from tests.portal.sso.openid.conftest import OBJECT, TENANT, Browser, Connected
from tests.portal.sso.openid.op import key_named

pytestmark = pytest.mark.django_db
Connect = Callable[..., Connected]


def why() -> str:
    """The last refusal, for a test that expected none."""
    attempt = SignInAttempt.objects.order_by("-id")[0]
    return f"{attempt.reason}: {attempt.expected} / {attempt.received}"


@pytest.mark.parametrize(
    ("kind", "subject"),
    [("google", "erin-0001"), ("microsoft", f"{TENANT}:{OBJECT}"), ("oidc", "erin-0001")],
)
def test_first_sign_in_provisions_into_this_organization_alone(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    other_organization: Organization,
    kind: str,
    subject: str,
) -> None:
    at = connected(organization, kind)

    response = browser.sign_in(at.connection)

    assert response.status_code == 302, why()
    assert response["Location"] == "/o/acme/"
    member = Membership.objects.get(email="erin@acme.test")
    assert (member.role, member.source) == (Policy.objects.get().default_role, kind)
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == (at.connection.provider_id, subject)
    assert account.extra_data == {}
    entry = Entry.objects.get()
    assert (entry.method, entry.connection_id) == (kind, at.connection.pk)
    assert entry.step_up_at is None
    with organization_scope(other_organization.pk):
        assert not Membership.objects.exists()
    names = set(Event.objects.values_list("name", flat=True))
    assert {EventName.MEMBER_ADMITTED, EventName.ENTRY_OPENED} <= names
    attempt = SignInAttempt.objects.get()
    assert attempt.accepted
    assert all(check["passed"] for check in attempt.checks)


def test_request_carries_state_nonce_and_pkce(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    address = browser.begin(connected(organization).connection)

    sent = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert sent["code_challenge_method"] == "S256"
    assert len(sent["code_challenge"]) == 43
    assert len(sent["state"]) >= 43 <= len(sent["nonce"])
    assert sent["response_type"] == "code"
    assert "prompt" not in sent


def test_second_sign_in_recognises_the_subject_not_the_address(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    new_browser: Callable[[], Browser],
) -> None:
    at = connected(organization)
    browser.sign_in(at.connection)

    at.issuer.says["email"] = "erin.malone@acme.test"
    assert new_browser().sign_in(at.connection).status_code == 302

    assert Membership.objects.count() == 1
    assert Entry.objects.open().count() == 2


def test_goes_on_to_the_page_that_was_wanted(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    response = browser.sign_in(connected(organization).connection, "/o/acme/requests/")

    assert response["Location"] == "/o/acme/requests/"


def test_page_before_the_provider_lets_its_form_end_there_only(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization)

    response = browser.get(f"/sso/{at.connection.pk}/start/")

    origin = at.issuer.address.removesuffix("/acme")
    assert f"form-action 'self' {origin};" in response["Content-Security-Policy"] + ";"


@pytest.mark.parametrize("algorithm", ["RS512", "PS256", "ES256"])
def test_signatures_other_than_the_usual_one_hold(
    browser: Browser, connected: Connect, organization: Organization, algorithm: str
) -> None:
    at = connected(organization)
    at.issuer.algorithm = algorithm
    if algorithm == "ES256":
        at.issuer.key = key_named("curve", kind="EC", size="P-256")

    assert browser.sign_in(at.connection).status_code == 302


def test_keys_of_a_provider_are_asked_for_once_in_a_while(
    connected: Connect, organization: Organization, new_browser: Callable[[], Browser]
) -> None:
    at = connected(organization)

    for _visit in range(3):
        new_browser().sign_in(at.connection)

    assert at.issuer.asked.count("/jwks") == 1
    assert at.issuer.asked.count("/.well-known/openid-configuration") == 1


def test_new_key_of_a_provider_is_found(
    connected: Connect, organization: Organization, new_browser: Callable[[], Browser]
) -> None:
    at = connected(organization)
    new_browser().sign_in(at.connection)

    at.issuer.key = key_named("second")

    assert new_browser().sign_in(at.connection).status_code == 302
    assert at.issuer.asked.count("/jwks") == 2


def test_address_may_be_kept_out_of_the_id_token(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization)
    at.issuer.thin = True

    assert browser.sign_in(at.connection).status_code == 302
    assert Membership.objects.get().email == "erin@acme.test"


def test_secret_goes_into_the_header_where_a_provider_wants_it_there(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization)
    at.issuer.describe["token_endpoint_auth_methods_supported"] = ["client_secret_basic"]

    assert browser.sign_in(at.connection).status_code == 302


def test_two_organizations_with_the_same_client_id_stay_apart(
    connected: Connect,
    organization: Organization,
    other_organization: Organization,
    new_browser: Callable[[], Browser],
) -> None:
    acme, globex = connected(organization), connected(other_organization)
    assert acme.connection.client_id == globex.connection.client_id

    assert new_browser().sign_in(acme.connection)["Location"] == "/o/acme/"
    assert new_browser().sign_in(globex.connection)["Location"] == "/o/globex/"

    assert SocialAccount.objects.values("user").distinct().count() == 2


def test_groups_that_were_not_sent_are_not_empty_groups(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization, "microsoft")
    at.issuer.says["_claim_names"] = {"groups": "src1"}
    at.issuer.says["_claim_sources"] = {"src1": {"endpoint": "https://graph.test/"}}

    browser.sign_in(at.connection)

    attempt: Any = SignInAttempt.objects.get()
    assert "groups" not in attempt.claims
    groups = next(check for check in attempt.checks if check["rule"] == "Groups")
    assert "too many" in groups["received"]


@pytest.mark.parametrize("kind", ["google", "microsoft"])
def test_vendors_application_has_one_address_for_all_customers(
    browser: Browser, connected: Connect, organization: Organization, kind: str
) -> None:
    """No customer's address could be registered there: Google and Microsoft know exact ones."""
    at = connected(organization, kind)

    browser.sign_in(at.connection)

    assert browser.callback == "/sso/callback/"
    assert Entry.objects.get().connection_id == at.connection.pk


@pytest.mark.parametrize("state", ["", "x", "0" * 32, "g" * 32 + ".x"])
def test_answer_at_the_vendors_address_for_nobody(browser: Browser, db: None, state: str) -> None:
    response = browser.get(f"/sso/callback/?code=x&state={state}")

    assert response.status_code == (404 if state == "0" * 32 else 400)
