"""E-mail first, then password, then code; and what each organization's policy makes of it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client
from django.utils import timezone

from audit.models import Event
from audit.names import EventName
from tenants.access import system_actor
from tenants.actions.members import contain_member
from tenants.models import Entry, Membership, Organization, Policy
from tenants.scoping import organization_scope
from tests.cast import PASSWORD
from tests.portal.sso.conftest import Idp
from tests.portal.sso.passwords import SECRET, code_of, give_second_factor, sign_in

pytestmark = pytest.mark.django_db


def test_password_and_code_open_the_workspace(client: Client, ada_with_code: Membership) -> None:
    asked = sign_in(client, "Ada@Acme.test")
    assert asked["Location"] == "/sign-in/code/"
    assert not Entry.objects.exists()

    response = client.post("/sign-in/code/", {"code": code_of(SECRET)})

    assert response["Location"] == "/o/acme/"
    entry = Entry.objects.get()
    assert entry.has_second_factor
    assert entry.method == Entry.Method.PASSWORD
    assert entry.step_up_at is not None
    assert client.get("/o/acme/").status_code == 200
    assert Event.objects.filter(name=EventName.ENTRY_OPENED).count() == 1


def test_goes_on_to_the_wanted_page(client: Client, ada_with_code: Membership) -> None:
    wanted = client.get("/o/acme/requests/")
    assert wanted["Location"] == "/?next=%2Fo%2Facme%2Frequests%2F"

    sign_in(client, "ada@acme.test", goal="/o/acme/requests/")
    response = client.post("/sign-in/code/", {"code": code_of(SECRET)})

    assert response["Location"] == "/o/acme/requests/"


@pytest.mark.parametrize("goal", ["https://evil.test/", "//evil.test/", "/\\evil.test", "evil"])
def test_never_goes_on_to_another_host(
    client: Client, ada_with_code: Membership, goal: str
) -> None:
    sign_in(client, "ada@acme.test", goal=goal)

    response = client.post("/sign-in/code/", {"code": code_of(SECRET)})

    assert response["Location"] == "/o/acme/"


def test_code_works_once(client: Client, ada_with_code: Membership) -> None:
    code = code_of(SECRET)
    sign_in(client, "ada@acme.test")
    client.post("/sign-in/code/", {"code": code})

    other = Client()
    sign_in(other, "ada@acme.test")
    response = other.post("/sign-in/code/", {"code": code})

    assert response.status_code == 200
    assert "_auth_user_id" not in other.session


def test_recovery_code_works_once(client: Client, ada_with_code: Membership) -> None:
    code = RecoveryCodes.activate(ada_with_code.user).get_unused_codes()[0]
    sign_in(client, "ada@acme.test")
    assert client.post("/sign-in/code/", {"code": code})["Location"] == "/o/acme/"

    other = Client()
    sign_in(other, "ada@acme.test")

    assert other.post("/sign-in/code/", {"code": code}).status_code == 200


def test_secrets_are_sealed_at_rest(ada_with_code: Membership) -> None:
    stored = Authenticator.objects.get(type=Authenticator.Type.TOTP).data["secret"]

    assert SECRET not in stored
    assert stored.startswith("g1.")


def test_wrong_password_is_recorded_and_says_nothing(
    client: Client, ada_with_code: Membership
) -> None:
    known = sign_in(client, "ada@acme.test", password="wrong-horse-tests")
    unknown = sign_in(Client(), "nobody@acme.test", password="wrong-horse-tests")

    assert known.status_code == unknown.status_code == 200
    assert _said(known) == _said(unknown)
    event = Event.objects.get(name=EventName.SIGN_IN_REFUSED)
    assert event.outcome == "refused"


def _said(response: Any) -> str:
    page = re.sub(r'nonce="[^"]*"|value="[^"]*"|X-CSRFToken[^}]*', "", response.content.decode())
    return re.sub(r'<meta name="server-time"[^>]*>', "", page)


def test_unknown_address_is_led_to_the_password_like_a_known_one(
    client: Client, ada: Membership
) -> None:
    for email in ("ada@acme.test", "nobody@nowhere.test"):
        assert client.post("/", {"email": email})["Location"] == "/sign-in/password/"


def test_proven_domain_leads_to_its_connection(client: Client, acme_idp: Idp) -> None:
    for email in ("erin@acme.test", "nobody-at-all@acme.test"):
        response = client.post("/", {"email": email})
        assert response["Location"] == f"/sso/{acme_idp.connection.pk}/start/"


def test_attempts_are_limited(client: Client, ada_with_code: Membership) -> None:
    for _ in range(11):
        response = sign_in(client, "ada@acme.test", password="wrong-horse-tests")

    assert response.status_code == 429 or b"Too many" in response.content
    sign_in(client, "ada@acme.test")
    assert "_auth_user_id" not in client.session


def test_without_second_factor_one_is_set_up_first(client: Client, ada: Membership) -> None:
    response = sign_in(client, "ada@acme.test")
    assert response["Location"].startswith("/account/second-factor/app/")
    assert not Entry.objects.exists()
    assert client.get("/o/acme/")["Location"].startswith("/workspaces/acme/")
    page = client.get(response["Location"])
    secret = client.session["mfa.totp.secret"]
    assert b"<svg" in page.content

    response = client.post("/account/second-factor/app/", {"code": code_of(secret)})

    assert response["Location"] == "/account/second-factor/codes/"
    assert client.get("/o/acme/").status_code == 200
    assert Entry.objects.get().has_second_factor
    kinds = Event.objects.filter(name=EventName.AUTHENTICATOR_ADDED).count()
    assert kinds == 2
    assert len(re.findall(rb"<li>\s*<code", client.get(response["Location"]).content)) == 10


def test_being_asked_for_the_password_again_is_no_second_factor(
    client: Client, ada: Membership
) -> None:
    sign_in(client, "ada@acme.test")
    session = client.session
    for proof in session["account_authentication_methods"]:
        proof["at"] -= 400  # longer than a proof of identity counts, shorter than a sign-in
    session.save()

    response = client.post("/account/second-factor/app/", {"code": "000000"})

    assert response["Location"].startswith("/account/confirm/")
    assert not Entry.objects.exists()
    assert client.get("/o/acme/")["Location"].startswith("/workspaces/acme/")


def test_policy_without_second_factor_lets_in_by_password(client: Client, ada: Membership) -> None:
    Policy.objects.update(mfa_required=False)

    assert sign_in(client, "ada@acme.test")["Location"] == "/o/acme/"
    assert not Entry.objects.get().has_second_factor


def test_person_of_two_workspaces_chooses(client: Client, ada_twice: Membership) -> None:
    sign_in(client, "ada@acme.test")

    response = client.post("/sign-in/code/", {"code": code_of(SECRET)})

    assert response["Location"] == "/workspaces/"
    page = client.get("/workspaces/").content.decode()
    assert "Acme Health" in page
    assert "Globex Retail" in page
    assert client.get("/o/globex/").status_code == 200


def test_workspace_not_entered_asks_again(
    client_of: Callable[..., Client], ada_twice: Membership, ada: Membership
) -> None:
    client = client_of(ada)

    asked = client.get("/o/globex/")
    assert asked["Location"].startswith("/workspaces/globex/")
    assert client.get(asked["Location"]).status_code == 200
    wrong = client.post("/workspaces/globex/", {"password": "no", "code": code_of(SECRET)})
    assert wrong.status_code == 200
    response = client.post("/workspaces/globex/", {"password": PASSWORD, "code": code_of(SECRET)})

    assert response["Location"] == "/o/globex/"
    assert client.get("/o/globex/").status_code == 200


def test_somebody_elses_workspace_does_not_exist(
    client_of: Callable[..., Client], ada: Membership, other_organization: Organization
) -> None:
    client = client_of(ada)

    assert client.get("/workspaces/globex/").status_code == 404
    assert client.get("/workspaces/nowhere/").status_code == 404
    assert client.get("/o/globex/").status_code == 404


def test_step_up_by_password_and_code(
    client_of: Callable[..., Client], ada_with_code: Membership
) -> None:
    client = client_of(ada_with_code, stepped_up=False)
    assert client.get("/o/acme/sso/new/")["Location"].startswith("/o/acme/step-up/?next=")
    assert client.post("/o/acme/step-up/", {"password": PASSWORD}).status_code == 200

    response = client.post(
        "/o/acme/step-up/",
        {"password": PASSWORD, "code": code_of(SECRET), "next": "/o/acme/sso/new/"},
    )

    assert response["Location"] == "/o/acme/sso/new/"
    assert client.get("/o/acme/sso/new/").status_code == 200


def test_after_a_step_up_a_button_has_to_be_pressed_again_and_the_page_says_so(
    client_of: Callable[..., Client], ada_with_code: Membership
) -> None:
    client = client_of(ada_with_code, stepped_up=False)
    page = "http://testserver/o/acme/members/"
    where = client.post("/o/acme/members/leavers/", headers={"referer": page})["Location"]
    assert where.endswith("?next=%2Fo%2Facme%2Fmembers%2F&again=1")

    proof = {"password": PASSWORD, "code": code_of(SECRET), "next": "/o/acme/members/"}
    back = client.post(where, proof, follow=True)

    assert "Nothing was done yet" in back.text


def test_staff_step_up_in_the_console(client_of: Callable[..., Client], sam: Membership) -> None:
    give_second_factor(sam)
    client = client_of(sam, stepped_up=False)

    response = client.post("/console/step-up/", {"password": PASSWORD, "code": code_of(SECRET)})

    assert response["Location"] == "/console/"


def test_signing_out_ends_every_entry(client: Client, ada_twice: Membership) -> None:
    sign_in(client, "ada@acme.test")
    client.post("/sign-in/code/", {"code": code_of(SECRET)})
    assert client.get("/sign-out/").status_code == 200

    response = client.post("/sign-out/")

    assert response["Clear-Site-Data"] == '"cache"'
    assert not Entry.objects.open().exists()
    with organization_scope(ada_twice.organization_id):
        assert not Entry.objects.open().exists()
    assert client.get("/o/acme/")["Location"].startswith("/?next=")


@pytest.mark.parametrize(
    "path", ["/signup/", "/accounts/signup/", "/social/signup/", "/sso/sls/", "/3rdparty/"]
)
def test_allauths_other_pages_do_not_exist(client: Client, path: str) -> None:
    assert client.get(path).status_code in {302, 404}


def test_every_page_at_the_door_renders(client: Client, organization: Organization) -> None:
    for path in (
        "/",
        "/sign-in/password/",
        "/password/forgotten/",
        "/password/forgotten/sent/",
        "/sign-in/closed/",
        "/address/sent/",
        "/password/reset/done/",
        "/sign-out/",
        "/password/reset/0-bad/",
        "/address/confirm/bad/",
    ):
        response = client.get(path)
        assert response.status_code == 200, path
        assert b"Gatehouse" in response.content


def test_person_without_any_workspace_is_not_signed_in(
    client: Client, ada: Membership, max_: Membership
) -> None:
    contain_member(max_, actor=system_actor(max_.organization), at=timezone.now())

    response = sign_in(client, max_.email)

    assert response.status_code == 403
    assert "_auth_user_id" not in client.session


def test_lapsed_entry_says_why(client_of: Callable[..., Client], ada_with_code: Membership) -> None:
    client = client_of(ada_with_code)
    Entry.objects.update(seen_at=timezone.now() - timedelta(hours=1))

    asked = client.get("/o/acme/")

    assert b"away for a while" in client.get(asked["Location"]).content
