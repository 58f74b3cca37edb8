"""An employee comes in by SAML: let into one workspace, or turned away with a reason."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.utils import timezone

from accounts.models import User
from audit.models import Event
from audit.names import EventName
from portal.sso.actions import close_identities, disable_connection
from portal.sso.development.requests import AuthnRequest, read_request
from portal.sso.models import Domain, SignInAttempt, UsedAssertion
from portal.sso.refusals import Reason
from tenants.access import system_actor
from tenants.actions.members import contain_member, revoke_member
from tenants.models import Entry, Membership, Organization, Policy
from tenants.scoping import organization_scope
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.passwords import SECRET, code_of

pytestmark = pytest.mark.django_db


def refused_for(response: Any, reason: Reason) -> bool:
    attempt = SignInAttempt.objects.order_by("-id").first()
    assert attempt is not None, response.content
    return attempt.reason == reason and attempt.reference in response.content.decode()


def test_first_sign_in_provisions_into_this_organization_alone(
    browser: Browser, acme_idp: Idp, other_organization: Organization
) -> None:
    response = browser.sign_in(acme_idp)

    assert response.status_code == 302
    assert response["Location"] == "/o/acme/"
    member = Membership.objects.get(email="erin@acme.test")
    assert member.role == Policy.objects.get().default_role
    assert member.source == Membership.Source.SAML
    assert not member.user.has_usable_password()
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid) == (acme_idp.connection.provider_id, "erin-0001")
    entry = Entry.objects.get()
    assert (entry.method, entry.connection_id) == ("saml", acme_idp.connection.pk)
    assert entry.step_up_at is None
    with organization_scope(other_organization.pk):
        assert not Membership.objects.exists()
    names = set(Event.objects.values_list("name", flat=True))
    assert {EventName.MEMBER_ADMITTED, EventName.ENTRY_OPENED} <= names


def test_second_sign_in_recognises_the_subject_not_the_address(
    browser: Browser, acme_idp: Idp, new_browser: Callable[[], Browser]
) -> None:
    browser.sign_in(acme_idp)

    again = new_browser()
    assert again.sign_in(acme_idp, email="erin.malone@acme.test").status_code == 302

    assert User.objects.count() == 1
    assert Entry.objects.open().count() == 2


def test_goes_on_to_the_page_that_was_wanted(browser: Browser, acme_idp: Idp) -> None:
    response = browser.sign_in(acme_idp, "/o/acme/requests/")

    assert response["Location"] == "/o/acme/requests/"


@pytest.mark.parametrize("goal", ["https://evil.test/", "//evil.test/", "/\\evil.test"])
def test_never_leads_to_another_host(browser: Browser, acme_idp: Idp, goal: str) -> None:
    asked = browser.begin(acme_idp, goal)

    response = browser.bring(acme_idp, acme_idp.response(asked.id), RelayState=goal)

    assert response["Location"] == "/o/acme/"


def test_page_before_the_provider_lets_its_form_end_there_only(
    browser: Browser, acme_idp: Idp
) -> None:
    response = browser.get(f"/sso/{acme_idp.connection.pk}/start/")

    policy = response["Content-Security-Policy"]
    assert "form-action 'self' https://idp.acme.test;" in policy + ";"


def test_same_assertion_twice_is_refused(
    browser: Browser, acme_idp: Idp, new_browser: Callable[[], Browser]
) -> None:
    asked = browser.begin(acme_idp)
    signed = acme_idp.response(asked.id)
    browser.bring(acme_idp, signed)

    thief = new_browser()
    response = thief.bring(acme_idp, signed)

    assert response.status_code == 403
    assert refused_for(response, Reason.REPLAYED)
    assert not thief.is_signed_in
    assert UsedAssertion.objects.count() == 1


def test_parked_result_opens_no_other_browser(
    browser: Browser, acme_idp: Idp, new_browser: Callable[[], Browser]
) -> None:
    asked = browser.begin(acme_idp)

    other = new_browser()
    response = other.bring(acme_idp, acme_idp.response(asked.id))

    assert response.status_code == 403
    assert refused_for(response, Reason.OTHER_BROWSER)
    assert not UsedAssertion.objects.exists()


def test_own_request_does_not_help_a_stolen_assertion(
    browser: Browser, acme_idp: Idp, new_browser: Callable[[], Browser]
) -> None:
    victim_request = browser.begin(acme_idp)
    stolen = acme_idp.response(victim_request.id)
    thief = new_browser()
    own = thief.begin(acme_idp)
    stolen.set("InResponseTo", own.id)

    response = thief.bring(acme_idp, stolen)

    assert refused_for(response, Reason.UNSOLICITED)
    assert not thief.is_signed_in


def test_other_organizations_assertion_is_refused(
    browser: Browser, acme_idp: Idp, globex_idp: Idp
) -> None:
    asked = browser.begin(acme_idp)
    foreign = globex_idp.response(
        asked.id,
        audience=acme_idp.statement().audience,
        acs_url=acme_idp.statement().acs_url,
        email="ada@acme.test",
    )

    response = browser.bring(acme_idp, foreign)

    assert response.status_code == 403
    assert refused_for(response, Reason.ISSUER)
    assert not User.objects.exists()
    event = Event.objects.filter(name=EventName.SIGN_IN_REFUSED).get()
    assert event.outcome == "refused"
    assert event.organization_id == acme_idp.connection.organization_id


def test_address_outside_the_proven_domains_is_refused(browser: Browser, acme_idp: Idp) -> None:
    response = browser.sign_in(acme_idp, email="erin@globex.test")

    assert refused_for(response, Reason.FOREIGN_DOMAIN)
    assert not User.objects.exists()


def test_another_organizations_provider_cannot_take_an_account(
    browser: Browser, ada: Membership, globex_idp: Idp, other_organization: Organization
) -> None:
    """Globex, having somehow proven acme.test too, still does not become Ada."""
    with organization_scope(other_organization.pk):
        Domain.objects.create(
            name="acme.test", token="t", created_at=timezone.now(), verified_at=timezone.now()
        )

    response = browser.sign_in(globex_idp, email=ada.email, subject="ada-0001")

    assert response.status_code == 403
    with organization_scope(other_organization.pk):
        assert refused_for(response, Reason.EMAIL_TAKEN)
    assert not browser.is_signed_in


def test_same_subject_at_two_providers_is_two_people(
    browser: Browser, acme_idp: Idp, globex_idp: Idp, new_browser: Callable[[], Browser]
) -> None:
    browser.sign_in(acme_idp, subject="shared-0001")

    other = new_browser()
    other.sign_in(globex_idp, subject="shared-0001")

    assert browser.session["_auth_user_id"] != other.session["_auth_user_id"]


def test_member_is_recognised_by_the_proven_address(
    browser: Browser, mia: Membership, acme_idp: Idp
) -> None:
    response = browser.sign_in(acme_idp, email=mia.email, subject="mia-0001")

    assert response["Location"] == "/o/acme/"
    assert browser.session["_auth_user_id"] == str(mia.user_id)
    assert Membership.objects.count() == 1


def test_member_of_two_organizations_is_not_linked_by_address(
    browser: Browser, ada: Membership, acme_idp: Idp, other_organization: Organization
) -> None:
    with organization_scope(other_organization.pk):
        Membership.objects.create(
            user=ada.user,
            name=ada.name,
            email=ada.email,
            role="viewer",
            source="invitation",
            joined_at=timezone.now(),
        )

    response = browser.sign_in(acme_idp, email=ada.email, subject="ada-0001")

    assert refused_for(response, Reason.EMAIL_TAKEN)


def test_without_just_in_time_strangers_stay_out(browser: Browser, acme_idp: Idp) -> None:
    Policy.objects.update(just_in_time=False)

    response = browser.sign_in(acme_idp)

    assert refused_for(response, Reason.NOT_INVITED)
    assert not User.objects.exists()


def test_person_whose_access_is_blocked_is_refused_at_once(
    browser: Browser, ada: Membership, acme_idp: Idp, new_browser: Callable[[], Browser]
) -> None:
    browser.sign_in(acme_idp)
    erin = Membership.objects.get(email="erin@acme.test")
    contain_member(erin, actor=system_actor(erin.organization), at=timezone.now())

    assert browser.get("/o/acme/").status_code == 404
    response = new_browser().sign_in(acme_idp)

    assert refused_for(response, Reason.REVOKED)


@pytest.mark.parametrize("subject", ["erin-0001", "erin-under-a-new-name"])
def test_revoked_person_does_not_come_back(
    browser: Browser,
    ada: Membership,
    acme_idp: Idp,
    new_browser: Callable[[], Browser],
    subject: str,
) -> None:
    browser.sign_in(acme_idp)
    erin = Membership.objects.get(email="erin@acme.test")
    actor, at = system_actor(erin.organization), timezone.now()
    erin = contain_member(erin, actor=actor, at=at)
    assert close_identities(erin, actor=actor, at=at) == 1
    revoke_member(erin, actor=actor, at=at)

    response = new_browser().sign_in(acme_idp, subject=subject)

    assert refused_for(response, Reason.REVOKED)
    assert not SocialAccount.objects.exists()


def test_closed_subject_is_refused_under_another_address_too(
    browser: Browser, ada: Membership, acme_idp: Idp, new_browser: Callable[[], Browser]
) -> None:
    browser.sign_in(acme_idp)
    erin = Membership.objects.get(email="erin@acme.test")
    actor, at = system_actor(erin.organization), timezone.now()
    erin = contain_member(erin, actor=actor, at=at)
    close_identities(erin, actor=actor, at=at)

    response = new_browser().sign_in(acme_idp, email="someone.else@acme.test")

    assert refused_for(response, Reason.REVOKED)


def test_connection_out_of_use_signs_nobody_in(browser: Browser, acme_idp: Idp) -> None:
    asked = browser.begin(acme_idp)
    disable_connection(
        acme_idp.connection,
        actor=system_actor(acme_idp.connection.organization),
        at=timezone.now(),
    )

    response = browser.bring(acme_idp, acme_idp.response(asked.id))

    assert refused_for(response, Reason.INACTIVE)


def test_unknown_connection_does_not_exist(browser: Browser, organization: Organization) -> None:
    for page in ("start", "finish", "metadata"):
        assert browser.get(f"/sso/{organization.pk}/{page}/").status_code == 404


def test_finish_without_a_result_is_refused(browser: Browser, acme_idp: Idp) -> None:
    response = browser.get(f"/sso/{acme_idp.connection.pk}/finish/")

    assert refused_for(response, Reason.OTHER_BROWSER)


def test_step_up_takes_a_fresh_sign_in_of_the_same_person(browser: Browser, acme_idp: Idp) -> None:
    browser.sign_in(acme_idp)
    where = "/o/acme/step-up/?next=/o/acme/&again=1"
    sent = browser.post(where)
    asked = _asked(sent["Location"])
    assert asked.force

    response = browser.bring(acme_idp, acme_idp.response(asked.id))

    assert response["Location"] == "/o/acme/"
    assert "Nothing was done yet: press the button again." in browser.get("/o/acme/").text
    assert Entry.objects.open().get().step_up_at is not None
    assert Event.objects.filter(name=EventName.STEP_UP_PASSED).exists()


def test_step_up_refuses_an_old_sign_in_and_somebody_else(browser: Browser, acme_idp: Idp) -> None:
    browser.sign_in(acme_idp)
    hour_ago = timezone.now() - timedelta(hours=1)
    asked = _asked(browser.post("/o/acme/step-up/")["Location"])
    stale = browser.bring(acme_idp, acme_idp.response(asked.id, authenticated_at=hour_ago))
    asked = _asked(browser.post("/o/acme/step-up/")["Location"])
    other = browser.bring(
        acme_idp, acme_idp.response(asked.id, subject="omar-0001", email="omar@acme.test")
    )

    assert stale.status_code == other.status_code == 403
    reasons = set(SignInAttempt.objects.exclude(reason="").values_list("reason", flat=True))
    assert reasons == {Reason.STALE_SIGN_IN, Reason.OTHER_PERSON}
    assert Entry.objects.open().get().step_up_at is None


def _asked(location: str) -> AuthnRequest:
    return read_request(parse_qs(urlsplit(location).query)["SAMLRequest"][0])


def test_somebody_else_in_the_same_browser_ends_the_first_session(
    browser: Browser, acme_idp: Idp
) -> None:
    browser.sign_in(acme_idp)
    browser.sign_in(acme_idp, subject="omar-0001", email="omar@acme.test", name="Omar Haddad")

    assert Entry.objects.open().get().membership.email == "omar@acme.test"
    assert Event.objects.filter(name=EventName.ENTRY_ENDED).count() == 1


def test_same_person_again_keeps_the_session(browser: Browser, acme_idp: Idp) -> None:
    browser.sign_in(acme_idp)
    key = browser.session.session_key
    browser.sign_in(acme_idp)

    assert browser.session.session_key == key
    assert Entry.objects.open().count() == 1


def test_own_second_factor_is_asked_on_the_way_in(
    browser: Browser, ada_with_code: Membership, acme_idp: Idp
) -> None:
    """Whoever has set one up could not come in by single sign-on at all: the page broke."""
    asked = browser.sign_in(acme_idp, email=ada_with_code.email, subject="ada-0001")
    assert asked["Location"] == "/sign-in/code/"
    assert browser.get(asked["Location"]).status_code == 200
    assert not browser.is_signed_in

    assert browser.post(asked["Location"], {"code": "000000"}).status_code == 200
    assert not browser.is_signed_in
    answer = browser.post(asked["Location"], {"code": code_of(SECRET)}, follow=True)

    assert answer.request["PATH_INFO"] == "/o/acme/"
    assert Entry.objects.open().get().connection_id == acme_idp.connection.pk


def test_beginning_over_and_over_is_braked(browser: Browser, acme_idp: Idp) -> None:
    where = f"/sso/{acme_idp.connection.pk}/start/"
    answers = [browser.post(where) for _turn in range(31)]

    assert {answer.status_code for answer in answers[:30]} == {302}
    assert answers[30].status_code == 429
    assert str(Reason.TOO_MANY.label) in answers[30].content.decode()
    # Whoever hammers does not push others out of the record.
    assert not SignInAttempt.objects.exists()
