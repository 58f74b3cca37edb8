"""A test login takes the whole way and signs nobody in; nothing else opens a draft."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from portal.sso.actions import create_connection, create_setup_link, describe_identity_provider
from portal.sso.configuration import configuration_digest, is_tested
from portal.sso.development.requests import read_request
from portal.sso.holding import signed_of
from portal.sso.models import Connection, SetupLink, SignInAttempt
from portal.sso.refusals import Reason
from portal.sso.rules import ConnectionState
from portal.sso.saml.idp_metadata import IdentityProvider
from tenants.access import Actor, system_actor
from tenants.models import Entry, Membership, Policy
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


def begin(browser: Browser, idp: Idp, there: str = "/o/acme/") -> str:
    """Press the button on the page of the connection."""
    sent = browser.post(f"{there}sso/{idp.connection.pk}/test/begin/")
    assert sent.status_code == 302, sent.content
    return read_request(parse_qs(urlsplit(sent["Location"]).query)["SAMLRequest"][0]).id


def last_attempt(idp: Idp) -> SignInAttempt:
    found: Any = SignInAttempt.objects.filter(connection=idp.connection).order_by("-id").first()
    assert found is not None
    return found


def test_passed_test_counts_for_this_configuration(
    browser: Browser, tester: Membership, draft: Idp
) -> None:
    asked = begin(browser, draft)

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
    asked = begin(browser, draft)

    response = browser.bring(draft, draft.response(asked, audience="https://other.test/"))

    assert response.status_code == 403
    attempt = last_attempt(draft)
    assert attempt.is_test
    assert attempt.reason == Reason.AUDIENCE
    failed = {check["rule"]: check for check in attempt.checks if not check["passed"]}
    assert list(failed) == ["Audience"]
    assert failed["Audience"]["received"] == "https://other.test/"
    assert "entity ID" in failed["Audience"]["fix"]


def result_of(refused: Any) -> str:
    found = re.search(r"/sso/[0-9a-f-]+/results/SI-[0-9A-Z]+/", refused.content.decode())
    assert found is not None
    return found.group()


def test_refusal_leads_its_tester_and_nobody_else_to_the_result(
    browser: Browser,
    tester: Membership,
    draft: Idp,
    client_of: Callable[..., Client],
    ned: Membership,
    mia: Membership,
    aud: Membership,
) -> None:
    """The identity provider's post comes without our cookies, so its page knows nobody."""
    asked = begin(browser, draft)
    there = result_of(browser.bring(draft, draft.response(asked, audience="https://other.test/")))

    page = browser.get(there).content.decode()

    assert "https://other.test/" in page
    assert "did not pass" in page
    assert client_of(aud).get(there).status_code == 200
    for stranger in (Client(), client_of(ned), client_of(mia)):
        assert stranger.get(there).status_code == 404


def test_what_came_is_shown_whole_once(browser: Browser, tester: Membership, draft: Idp) -> None:
    asked = begin(browser, draft)
    shown = browser.bring(draft, draft.response(asked)).content.decode()
    assert "erin@acme.test" in shown
    assert "erin-0001" in shown

    reference = last_attempt(draft).reference
    kept = browser.get(f"/o/acme/sso/{draft.connection.pk}/test/{reference}/").content.decode()

    assert "Rule by rule" in kept
    assert "@acme.test" in kept
    assert "erin@acme.test" not in kept
    assert "erin-0001" not in kept


def test_it_says_what_a_sign_in_would_come_to(
    browser: Browser, tester: Membership, draft: Idp
) -> None:
    Policy.objects.update(default_role="editor")
    asked = begin(browser, draft)

    page = browser.bring(draft, draft.response(asked)).content.decode()

    assert "would become a member" in page
    assert "Editor" in page


def test_address_in_no_proven_domain_does_not_pass(
    browser: Browser, tester: Membership, draft: Idp
) -> None:
    asked = begin(browser, draft)

    page = browser.bring(draft, draft.response(asked, email="erin@evil.test")).content.decode()

    assert "did not pass" in page
    assert "Prove evil.test" in page
    assert not is_tested(Connection.objects.get(pk=draft.connection.pk))


def test_untested_configuration_is_not_activated(
    browser: Browser, draft: Idp, client_of: Callable[..., Client], max_: Membership
) -> None:
    client = client_of(max_)
    there = f"/o/acme/sso/{draft.connection.pk}/activate/"

    assert "Pass a test login first" in client.post(there, follow=True).content.decode()
    assert Connection.objects.get(pk=draft.connection.pk).state == ConnectionState.DRAFT


def test_auditors_see_tests_and_begin_none(
    client_of: Callable[..., Client], aud: Membership, draft: Idp
) -> None:
    client, there = client_of(aud), f"/o/acme/sso/{draft.connection.pk}/test/"

    assert client.get(there).status_code == 200
    assert client.post(f"{there}begin/").status_code == 403


def test_nothing_is_tested_before_it_is_described(
    client_of: Callable[..., Client], max_: Membership, acme_idp: Idp
) -> None:
    actor = system_actor(acme_idp.connection.organization)
    bare = create_connection(actor=actor, at=timezone.now(), name="Bare")

    sent = client_of(max_).post(f"/o/acme/sso/{bare.pk}/test/begin/", follow=True)

    assert "Fill in" in sent.content.decode()


def test_holder_of_a_set_up_link_tests_without_an_account(
    draft: Idp, new_browser: Callable[[], Browser], actor_of: Callable[..., Actor], max_: Membership
) -> None:
    link = create_setup_link(actor=actor_of(max_), at=timezone.now(), connection=draft.connection)
    home, holder = f"/setup/{signed_of(link)}/", new_browser()
    holder.post(home)
    asked = begin(holder, draft, home)
    refused = holder.bring(draft, draft.response(asked, audience="https://other.test/"))
    assert "https://other.test/" in holder.get(result_of(refused)).content.decode()

    asked = begin(holder, draft, home)
    page = holder.bring(draft, draft.response(asked)).content.decode()

    assert "The test login passed" in page
    assert "Teams" not in page  # roles and teams are the workspace's own affair
    assert is_tested(Connection.objects.get(pk=draft.connection.pk))
    assert not Membership.objects.filter(email="erin@acme.test").exists()
    assert not holder.is_signed_in
    holder.post(f"{home}sso/{draft.connection.pk}/activate/")
    assert Connection.objects.get(pk=draft.connection.pk).state == ConnectionState.ACTIVE


def test_revoked_link_does_not_finish_its_test(
    draft: Idp, new_browser: Callable[[], Browser], actor_of: Callable[..., Actor], max_: Membership
) -> None:
    link = create_setup_link(actor=actor_of(max_), at=timezone.now(), connection=draft.connection)
    home, holder = f"/setup/{signed_of(link)}/", new_browser()
    holder.post(home)
    asked = begin(holder, draft, home)
    SetupLink.objects.update(revoked_at=timezone.now())

    refused = holder.bring(draft, draft.response(asked))

    assert refused.status_code == 403
    assert holder.get(result_of(refused)).status_code == 404
    assert not is_tested(Connection.objects.get(pk=draft.connection.pk))


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
    asked = begin(browser, draft)
    Connection.objects.filter(pk=draft.connection.pk).update(signs_requests=False)

    response = browser.bring(draft, draft.response(asked))

    assert response.status_code == 409
    connection = Connection.objects.get(pk=draft.connection.pk)
    assert connection.tested_digest != configuration_digest(connection)


def test_test_belongs_to_the_browser_that_began_it(
    browser: Browser, tester: Membership, draft: Idp
) -> None:
    asked = begin(browser, draft)
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


def test_the_holder_of_a_set_up_link_learns_of_nobody_whether_they_are_a_member(
    draft: Idp,
    ada: Membership,
    mia: Membership,
    max_: Membership,
    actor_of: Callable[..., Actor],
    new_browser: Callable[[], Browser],
) -> None:
    """Symptom: who chose the identity provider could ask the result page about any address."""
    link = create_setup_link(actor=actor_of(max_), at=timezone.now(), connection=draft.connection)
    home, holder = f"/setup/{signed_of(link)}/", new_browser()
    holder.post(home)
    told = set()
    for email in (ada.email, mia.email, "nobody@acme.test"):
        asked = begin(holder, draft, home)
        page = holder.bring(draft, draft.response(asked, email=email)).content.decode()
        assert "The test login passed" in page
        told.add("If it were a sign-in" in page)

    assert told == {False}
