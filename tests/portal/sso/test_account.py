"""Password, address and second factor of an account, and who hears of a change."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from audit.models import Event
from audit.names import EventName
from tenants.models import Entry, Membership, Organization
from tenants.scoping import system_scope
from tests.cast import PASSWORD, make_member
from tests.portal.sso.passwords import SECRET, code_of, sign_in

pytestmark = pytest.mark.django_db


def test_forgotten_password(
    client: Client, ada_with_code: Membership, sending: Callable[[], Any]
) -> None:
    inside = Client()
    sign_in(inside, "ada@acme.test")
    inside.post("/sign-in/code/", {"code": code_of(SECRET)})
    with sending():
        client.post("/password/forgotten/", {"email": "ada@acme.test"})
    link = re.search(r"http://testserver(/password/reset/\S+)", mail.outbox[0].body)
    assert link
    form = client.get(link[1])["Location"]

    client.post(form, {"password1": "new-correct-horse", "password2": "new-correct-horse"})

    assert Event.objects.filter(name=EventName.PASSWORD_RESET).count() == 1
    assert not Entry.objects.open().exists()
    assert inside.get("/o/acme/")["Location"].startswith("/?next=")
    assert sign_in(Client(), "ada@acme.test").status_code == 200
    again = Client()
    asked = sign_in(again, "ada@acme.test", password="new-correct-horse")
    assert asked["Location"] == "/sign-in/code/", "a reset does not replace the second factor"


def test_reset_mail_goes_to_nobody_unknown(
    client: Client, ada: Membership, sending: Callable[[], Any]
) -> None:
    with sending():
        known = client.post("/password/forgotten/", {"email": "ada@acme.test"})
        unknown = client.post("/password/forgotten/", {"email": "nobody@acme.test"})

    assert known["Location"] == unknown["Location"]
    assert len(mail.outbox) == 1


def test_reset_link_names_our_own_host(
    client: Client, ada: Membership, sending: Callable[[], Any]
) -> None:
    with sending():
        client.post("/password/forgotten/", {"email": "ada@acme.test"}, HTTP_HOST="localhost")

    assert "http://testserver/password/reset/" in mail.outbox[0].body


@pytest.mark.parametrize("key", ["0-bad", "NULL-x", "99999999999999999999-x", "1-set-password"])
def test_a_broken_reset_link_is_not_a_fault_when_it_is_posted_to(
    client: Client, ada: Membership, key: str
) -> None:
    form = {"password1": "new-correct-horse", "password2": "new-correct-horse"}

    answer = client.post(f"/password/reset/{key}/", form)

    assert answer.status_code == 200
    assert b"Gatehouse" in answer.content


def test_change_of_address_asks_again_and_reaches_every_organization(
    client_of: Callable[..., Client],
    ada_twice: Membership,
    ada: Membership,
    sending: Callable[[], Any],
) -> None:
    client = client_of(ada)
    asked = client.post("/account/email/", {"email": "ada@new.test", "action_add": ""})
    assert asked["Location"].startswith("/account/confirm/")
    with sending():
        client.post(asked["Location"], {"password": PASSWORD, "code": code_of(SECRET)})
    link = re.search(r"http://testserver(/address/confirm/\S+)", mail.outbox[-1].body)
    assert link
    assert Membership.objects.get(pk=ada.pk).email == "ada@acme.test"

    client.post(link[1])

    assert Membership.objects.get(pk=ada.pk).email == "ada@new.test"
    with system_scope("test"):
        assert Event.objects.filter(name=EventName.ADDRESS_CHANGED).count() == 2


def test_change_of_password_ends_sessions(
    client_of: Callable[..., Client], ada_with_code: Membership
) -> None:
    client = client_of(ada_with_code)

    client.post(
        "/account/password/",
        {
            "oldpassword": PASSWORD,
            "password1": "new-correct-horse",
            "password2": "new-correct-horse",
        },
    )

    assert Event.objects.filter(name=EventName.PASSWORD_CHANGED).count() == 1
    assert not Entry.objects.open().exists()


def test_accounts_of_single_sign_on_have_no_password_pages(
    client_of: Callable[..., Client], organization: Organization, sending: Callable[[], Any]
) -> None:
    erin = make_member(organization, "Erin Malone", "viewer")
    erin.user.set_unusable_password()
    erin.user.save()
    client = client_of(erin, method=Entry.Method.SAML)

    for page in ("password/", "email/", "second-factor/", "second-factor/app/", "confirm/"):
        assert client.get(f"/account/{page}").status_code == 403
    with sending():
        client.post("/password/forgotten/", {"email": "erin@acme.test"})
    assert not mail.outbox
