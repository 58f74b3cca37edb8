"""A test login takes the whole way and signs nobody in; nothing else opens a draft."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import RequestFactory
from django.utils import timezone

from portal.sso.actions import create_connection, describe_identity_provider
from portal.sso.configuration import configuration_digest, is_tested
from portal.sso.development.requests import read_request
from portal.sso.models import Connection, SignInAttempt
from portal.sso.refusals import Reason
from portal.sso.rules import ConnectionState
from portal.sso.saml.idp_metadata import IdentityProvider
from portal.sso.testing import begin_test
from tenants.access import system_actor
from tenants.models import Entry, Membership
from tests.portal.sso import forging as f
from tests.portal.sso.conftest import Browser, Idp, key_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def tester(browser: Browser, acme_idp: Idp) -> Membership:
    """An admin, signed in through another connection."""
    browser.sign_in(acme_idp, subject="max-0001", email="max@acme.test")
    Membership.objects.filter(email="max@acme.test").update(role="admin")
    return Membership.objects.get(email="max@acme.test")


@pytest.fixture
def draft(acme_idp: Idp) -> Idp:
    organization = acme_idp.connection.organization
    actor, key = system_actor(organization), key_of("acme")
    connection = create_connection(actor=actor, at=timezone.now(), name="The new one")
    provider = IdentityProvider(
        entity_id=acme_idp.issuer,
        sso_url="https://idp.acme.test/new",
        certificates=(key.certificate_pem.decode(),),
    )
    connection = describe_identity_provider(connection, actor=actor, provider=provider)
    connection.organization = organization
    return Idp(connection, key)


def begin(browser: Browser, idp: Idp, member: Membership) -> str:
    """As the page of the connection does when its button is pressed."""
    request = RequestFactory().post("/")
    request.session = browser.session
    sent = begin_test(request, idp.connection, member=member)
    request.session.save()
    return read_request(parse_qs(urlsplit(sent["Location"]).query)["SAMLRequest"][0]).id


def last_attempt(idp: Idp) -> SignInAttempt:
    found: Any = SignInAttempt.objects.filter(connection=idp.connection).order_by("-id").first()
    assert found is not None
    return found


def test_passed_test_counts_for_this_configuration(
    browser: Browser, tester: Membership, draft: Idp
) -> None:
    asked = begin(browser, draft, tester)

    response = browser.bring(draft, draft.response(asked))

    assert response.status_code == 200
    assert "The test login passed" in response.content.decode()
    connection = Connection.objects.get(pk=draft.connection.pk)
    assert connection.state == ConnectionState.TESTING
    assert is_tested(connection)
    attempt = last_attempt(draft)
    assert attempt.is_test
    assert attempt.accepted
    assert {check["rule"] for check in attempt.checks} >= {"Signature", "Audience", "NameID"}
    assert not Membership.objects.filter(email="erin@acme.test").exists()
    assert Entry.objects.open().get().membership == tester


def test_refused_answer_is_kept_as_a_test_with_every_rule(
    browser: Browser, tester: Membership, draft: Idp
) -> None:
    asked = begin(browser, draft, tester)

    response = browser.bring(draft, draft.response(asked, audience="https://other.test/"))

    assert response.status_code == 403
    attempt = last_attempt(draft)
    assert attempt.is_test
    assert attempt.reason == Reason.AUDIENCE
    failed = {check["rule"]: check for check in attempt.checks if not check["passed"]}
    assert list(failed) == ["Audience"]
    assert failed["Audience"]["received"] == "https://other.test/"
    assert "entity ID" in failed["Audience"]["fix"]


def test_draft_signs_nobody_in(browser: Browser, draft: Idp) -> None:
    assert browser.post(f"/sso/{draft.connection.pk}/start/").status_code == 403
    Connection.objects.update(accepts_unsolicited=True)

    response = browser.bring(draft, f.unasked(draft, ""))

    assert response.status_code == 403
    assert last_attempt(draft).reason == Reason.INACTIVE
    assert not browser.session.get("_auth_user_id")


def test_configuration_changed_meanwhile_is_not_tested(
    browser: Browser, tester: Membership, draft: Idp
) -> None:
    asked = begin(browser, draft, tester)
    Connection.objects.filter(pk=draft.connection.pk).update(signs_requests=False)

    response = browser.bring(draft, draft.response(asked))

    assert response.status_code == 409
    connection = Connection.objects.get(pk=draft.connection.pk)
    assert connection.tested_digest != configuration_digest(connection)


def test_test_belongs_to_the_browser_that_began_it(
    browser: Browser, tester: Membership, draft: Idp
) -> None:
    asked = begin(browser, draft, tester)
    Entry.objects.all().delete()

    response = browser.bring(draft, draft.response(asked))

    assert response.status_code == 403
    assert not is_tested(Connection.objects.get(pk=draft.connection.pk))


def test_connection_half_set_up_has_no_way_in(browser: Browser, draft: Idp) -> None:
    Connection.objects.filter(pk=draft.connection.pk).update(certificate="")

    response = browser.bring(draft, draft.response("_x"))

    assert last_attempt(draft).reason == Reason.INACTIVE
    assert response.status_code == 403


@pytest.mark.parametrize("address", ["acs", "finish", "metadata"])
def test_other_kinds_have_no_saml_addresses(browser: Browser, acme_idp: Idp, address: str) -> None:
    Connection.objects.update(kind=Connection.Kind.GOOGLE)
    where = f"/sso/{acme_idp.connection.pk}/{address}/"

    response = browser.post(where) if address == "acs" else browser.get(where)

    assert response.status_code == 404
