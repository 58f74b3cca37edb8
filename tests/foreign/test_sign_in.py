"""Signing in through an identity provider that others wrote, by the metadata both hand over."""

from collections.abc import Callable

import pytest
from allauth.socialaccount.models import SocialAccount

from accounts.models import User
from portal.sso.models import Connection, SignInAttempt
from portal.sso.refusals import Reason
from tenants.models import Entry, Membership
from tests.foreign.conftest import Journey
from tests.foreign.identity_provider import SimpleSaml

pytestmark = pytest.mark.django_db


def reasons() -> list[str]:
    return list(SignInAttempt.objects.exclude(reason="").values_list("reason", flat=True))


def test_an_employee_comes_in_and_is_known_again(
    journey: Journey, new_journey: Callable[[], Journey]
) -> None:
    assert journey.sign_in("erin")["Location"] == "/o/acme/"
    page = journey.client.get("/o/acme/")
    assert page.status_code == 200
    assert "Erin Malone" in page.content.decode()
    assert new_journey().sign_in("erin")["Location"] == "/o/acme/"

    member = Membership.objects.get(email="erin@acme.test")
    assert (member.name, member.source) == ("Erin Malone", Membership.Source.SAML)
    assert SocialAccount.objects.get().user_id == member.user_id
    assert Entry.objects.open().count() == 2


@pytest.mark.parametrize("name_id", ["persistent", "email"])
def test_each_lasting_form_of_name_will_do(
    foreign_idp: SimpleSaml, journey: Journey, name_id: str
) -> None:
    foreign_idp.be(name_id=name_id)

    assert journey.sign_in("erin")["Location"] == "/o/acme/"


def test_a_name_that_changes_each_time_is_refused(
    foreign_idp: SimpleSaml, journey: Journey
) -> None:
    foreign_idp.be(name_id="transient")

    assert journey.sign_in("erin").status_code == 403
    assert reasons() == [Reason.SUBJECT]


def test_a_signed_envelope_around_a_signed_assertion_is_let_in(
    foreign_idp: SimpleSaml, journey: Journey
) -> None:
    foreign_idp.be(sign_response=True)

    assert journey.sign_in("erin")["Location"] == "/o/acme/"


def test_a_colleague_of_another_domain_is_turned_away(journey: Journey) -> None:
    answer = journey.sign_in("mallory")

    assert answer.status_code == 403
    assert str(Reason.FOREIGN_DOMAIN.label) in answer.content.decode()
    assert reasons() == [Reason.FOREIGN_DOMAIN]
    assert not User.objects.exists()


def test_a_wrong_password_never_leaves_the_identity_provider(journey: Journey) -> None:
    shown = journey.person.sign_in(journey.leave(), "erin", password="guess")

    assert "Incorrect username or password" in shown.words()
    assert journey.come_back(journey.person.sign_in(shown, "erin"))["Location"] == "/o/acme/"


def test_going_back_and_sending_the_same_answer_again_is_refused(
    journey: Journey, new_journey: Callable[[], Journey]
) -> None:
    answer = journey.person.sign_in(journey.leave(), "erin")
    assert journey.come_back(answer)["Location"] == "/o/acme/"

    assert journey.come_back(answer).status_code == 403
    assert new_journey().come_back(answer).status_code == 403
    assert set(reasons()) == {Reason.REPLAYED}


def test_step_up_has_the_password_asked_again(journey: Journey) -> None:
    """Somebody signed in at the IdP would pass at once, were ForceAuthn not sent and kept."""
    journey.sign_in("erin")
    asked = journey.go(journey.client.post("/o/acme/step-up/?next=/o/acme/"))

    answer = journey.come_back(journey.person.sign_in(asked, "erin"))

    assert answer["Location"] == "/o/acme/"
    assert Entry.objects.open().get().step_up_at is not None


def test_step_up_as_somebody_else_is_refused(journey: Journey) -> None:
    journey.sign_in("erin")
    asked = journey.go(journey.client.post("/o/acme/step-up/"))

    answer = journey.come_back(journey.person.sign_in(asked, "omar"))

    assert answer.status_code == 403
    assert reasons() == [Reason.OTHER_PERSON]
    assert Entry.objects.open().get().step_up_at is None


def test_signed_in_at_the_idp_an_ordinary_sign_in_asks_nothing(
    journey: Journey, connection: Connection
) -> None:
    journey.sign_in("erin")

    assert journey.leave().form("SAMLResponse")
