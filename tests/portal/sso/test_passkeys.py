"""Passkeys: added, used alone, used after the password, used to confirm; and turned away."""

import html
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from audit.models import Event
from audit.names import EventName
from tenants.models import Entry, Membership, Policy
from tenants.scoping import organization_scope
from tests.portal.sso.authenticators import SoftAuthenticator
from tests.portal.sso.passwords import SECRET, code_of, give_second_factor, sign_in

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]


@pytest.fixture(autouse=True)
def _no_memory_of_attempts(settings: Any) -> None:
    """Passkeys need a secure address, as browsers do."""
    settings.BASE_URL = "https://testserver"
    cache.clear()


def question_in(response: Any) -> dict[str, Any]:
    """What the page's form asks the device for."""
    found = re.search(r'data-options="([^"]+)"', response.content.decode())
    assert found, response.content
    asked: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return asked


def confirm(client: Client, *, code: str = "") -> None:
    """Prove oneself before changing the account."""
    answer = {"password": "correct-horse-tests", **({"code": code} if code else {})}
    response = client.post("/account/confirm/", answer)
    assert response.status_code == 302, response.content


def add_passkey(client: Client, device: SoftAuthenticator, *, name: str = "Laptop") -> Any:
    asked = question_in(client.get("/account/passkeys/new/"))
    return client.post("/account/passkeys/new/", {"name": name, "credential": device.make(asked)})


@pytest.fixture
def device() -> SoftAuthenticator:
    return SoftAuthenticator()


@pytest.fixture
def ada_with_passkey(ada: Membership, client_of: ClientOf, device: SoftAuthenticator) -> Membership:
    client = client_of(ada)
    confirm(client)
    assert add_passkey(client, device).status_code == 302
    cache.clear()
    return ada


def question_at_the_door(client: Client) -> dict[str, Any]:
    response = client.get("/sign-in/passkey/", headers={"accept": "application/json"})
    asked: dict[str, Any] = response.json()["request_options"]
    return asked


def come_in(client: Client, device: SoftAuthenticator, **more: str) -> Any:
    asked = question_at_the_door(client)
    return client.post("/sign-in/passkey/", {"credential": device.give(asked), **more})


def test_adding_one_is_logged_and_shows_recovery_codes_once(
    ada: Membership, client_of: ClientOf, device: SoftAuthenticator
) -> None:
    client = client_of(ada)
    confirm(client)

    response = add_passkey(client, device)

    assert response["Location"] == "/account/second-factor/codes/"
    shown = client.get(response["Location"]).content.decode()
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    assert all(code in shown for code in codes)
    assert codes[0] not in client.get(response["Location"]).content.decode()
    kinds = [e.facts["kind"] for e in Event.objects.filter(name=EventName.AUTHENTICATOR_ADDED)]
    assert sorted(kinds) == ["passkey", "recovery codes"]
    assert "Laptop" in client.get("/account/passkeys/").content.decode()


def test_a_passkey_alone_opens_the_workspace(
    ada_with_passkey: Membership, device: SoftAuthenticator, client: Client
) -> None:
    response = come_in(client, device, next="/o/acme/members/")

    assert response["Location"] == "/o/acme/members/"
    entry = Entry.objects.order_by("-authenticated_at")[0]
    assert (entry.method, entry.has_second_factor) == ("passkey", True)
    assert entry.step_up_at is not None
    assert client.get("/o/acme/members/").status_code == 200


def test_where_single_sign_on_is_enforced_it_opens_nothing(
    ada_with_passkey: Membership, device: SoftAuthenticator, client: Client
) -> None:
    at = timezone.now()
    Policy.objects.update(sso_enforced_at=at, sso_confirmed_at=at)

    come_in(client, device)

    assert not Entry.objects.filter(method="passkey").exists()
    assert client.get("/o/acme/").status_code == 302


def test_it_follows_the_password_in_place_of_a_code(
    ada_with_passkey: Membership, device: SoftAuthenticator, client: Client
) -> None:
    page = sign_in(client, ada_with_passkey.email)
    assert page["Location"] == "/sign-in/code/"
    asked = question_in(client.get("/sign-in/code/"))

    response = client.post("/sign-in/code/", {"credential": device.give(asked)})

    assert response["Location"] == "/o/acme/"
    entry = Entry.objects.order_by("-authenticated_at")[0]
    assert (entry.method, entry.has_second_factor) == ("password", True)


def test_it_confirms_a_step_up(
    ada_with_passkey: Membership, device: SoftAuthenticator, client_of: ClientOf
) -> None:
    client = client_of(ada_with_passkey, stepped_up=False)
    asked = question_in(client.get("/o/acme/step-up/"))

    response = client.post(
        "/o/acme/step-up/", {"credential": device.give(asked), "next": "/o/acme/sso/new/"}
    )

    assert response["Location"] == "/o/acme/sso/new/"
    event = Event.objects.filter(name=EventName.STEP_UP_PASSED).get()
    assert event.facts["method"] == "passkey"


def test_it_opens_another_of_ones_workspaces_and_changes_to_the_account(
    ada_with_passkey: Membership,
    device: SoftAuthenticator,
    client_of: ClientOf,
    other_organization: Any,
) -> None:
    client = client_of(ada_with_passkey)
    with organization_scope(other_organization.pk):
        Membership.objects.create(
            user=ada_with_passkey.user,
            name="Ada",
            email=ada_with_passkey.email,
            role="viewer",
            source="invitation",
            joined_at=timezone.now(),
        )
    asked = question_in(client.get("/workspaces/globex/"))

    response = client.post("/workspaces/globex/", {"credential": device.give(asked)})

    assert response["Location"] == "/o/globex/"
    asked = question_in(client.get("/account/confirm/"))
    response = client.post("/account/confirm/", {"credential": device.give(asked)})
    assert response.status_code == 302


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": "https://evil.testserver"},
        {"origin": "http://testserver"},
        {"rp_id": "elsewhere"},
        {"verifies": False},
        {"cross_origin": True},
        {"handle": "bm9ib2R5"},
        {"credential_id": b"another-one-here"},
    ],
)
def test_an_answer_that_is_not_quite_right_signs_nobody_in(
    ada_with_passkey: Membership,
    device: SoftAuthenticator,
    client: Client,
    bent: dict[str, Any],
) -> None:
    for name, value in bent.items():
        setattr(device, name, value)

    response = come_in(client, device)

    assert response["Location"] == "/"
    assert "_auth_user_id" not in client.session


def test_a_signature_of_another_key_signs_nobody_in(
    ada_with_passkey: Membership, device: SoftAuthenticator, client: Client
) -> None:
    forger = SoftAuthenticator(handle=device.handle)

    come_in(client, forger)

    assert "_auth_user_id" not in client.session


def test_an_answer_counts_once(
    ada_with_passkey: Membership, device: SoftAuthenticator, client: Client
) -> None:
    asked = question_at_the_door(client)
    answer = device.give(asked)
    client.post("/sign-in/passkey/", {"credential": answer})
    client.post("/sign-out/")

    client.post("/sign-in/passkey/", {"credential": answer})

    assert "_auth_user_id" not in client.session


def test_an_answer_for_one_browser_is_no_use_in_another(
    ada_with_passkey: Membership, device: SoftAuthenticator, client: Client
) -> None:
    answer = device.give(question_at_the_door(Client()))
    question_at_the_door(client)

    client.post("/sign-in/passkey/", {"credential": answer})

    assert "_auth_user_id" not in client.session


BROKEN = [
    "",
    "null",
    "[]",
    "{}",
    "12",
    '"text"',
    "{not json",
    '{"response": null}',
    '{"response": {"clientDataJSON": 7}}',
    '{"response": {"clientDataJSON": "====="}}',
    '{"response": {"clientDataJSON": "e30"}}',
    "[" * 3000,
    "9" * 20_000,
]


@pytest.mark.parametrize("text", BROKEN)
def test_broken_answers_are_answered_never_a_500(
    ada_with_passkey: Membership, client: Client, client_of: ClientOf, text: str
) -> None:
    question_at_the_door(client)
    assert client.post("/sign-in/passkey/", {"credential": text}).status_code == 302
    inside = client_of(ada_with_passkey, stepped_up=False)
    assert inside.post("/o/acme/step-up/", {"credential": text}).status_code == 200
    confirm_page = inside.post("/account/confirm/", {"credential": text})
    assert confirm_page.status_code == 200


@pytest.mark.parametrize("part", ["attestationObject", "clientDataJSON", "rawId", "id", "type"])
@pytest.mark.parametrize("value", ["", "!!", "AAAA", None, 7, [], {}])
def test_a_new_passkey_with_a_broken_part_is_refused(
    ada: Membership, client_of: ClientOf, device: SoftAuthenticator, part: str, value: Any
) -> None:
    client = client_of(ada)
    confirm(client)
    answer = json.loads(device.make(question_in(client.get("/account/passkeys/new/"))))
    where = answer["response"] if part in answer["response"] else answer
    where[part] = value

    response = client.post("/account/passkeys/new/", {"credential": json.dumps(answer)})

    assert response.status_code in (200, 302)
    if response.status_code == 200:
        assert not Authenticator.objects.filter(type="webauthn").exists()
        assert "not accepted" in response.content.decode()


def test_somebody_elses_passkey_is_not_found(
    ada_with_passkey: Membership, max_: Membership, client_of: ClientOf
) -> None:
    pk = Authenticator.objects.get(type="webauthn").pk
    client = client_of(max_)
    confirm(client)

    for path in (f"/account/passkeys/{pk}/name/", f"/account/passkeys/{pk}/remove/"):
        assert client.get(path).status_code == 404
        assert client.post(path, {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=pk).exists()


def test_the_last_second_factor_stays_where_a_workspace_asks_for_one(
    ada_with_passkey: Membership, client_of: ClientOf
) -> None:
    pk = Authenticator.objects.get(type="webauthn").pk
    give_second_factor(ada_with_passkey)
    client = client_of(ada_with_passkey)
    confirm(client, code=code_of(SECRET))
    path = f"/account/passkeys/{pk}/remove/"

    assert client.post(path).status_code == 302
    removed = Event.objects.get(name=EventName.AUTHENTICATOR_REMOVED)
    assert removed.facts["kind"] == "passkey"

    refused = client.post("/account/second-factor/app/remove/")
    assert refused.status_code == 409
    assert "Acme Health asks for a second factor" in refused.content.decode()
    assert Authenticator.objects.filter(type="totp").exists()

    Policy.objects.update(mfa_required=False)
    assert client.post("/account/second-factor/app/remove/").status_code == 302
    assert not Authenticator.objects.exists()


def test_renaming_is_logged(ada_with_passkey: Membership, client_of: ClientOf) -> None:
    passkey = Authenticator.objects.get(type="webauthn")
    client = client_of(ada_with_passkey)
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    confirm(client, code=codes[0])

    client.post(f"/account/passkeys/{passkey.pk}/name/", {"name": "Blue key"})
    too_long = client.post(f"/account/passkeys/{passkey.pk}/name/", {"name": "x" * 61})

    passkey.refresh_from_db()
    assert passkey.wrap().name == "Blue key"
    assert too_long.status_code == 200
    assert Event.objects.filter(name=EventName.AUTHENTICATOR_RENAMED).count() == 1


def test_a_recovery_code_works_once_and_its_use_is_told(
    ada_with_passkey: Membership, client: Client, new_client: Callable[[], Client]
) -> None:
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).get_unused_codes()
    sign_in(client, ada_with_passkey.email)

    first = client.post("/sign-in/code/", {"code": codes[0]})
    assert first["Location"] == "/o/acme/"
    assert Event.objects.get(name=EventName.RECOVERY_CODE_USED).facts["left"] == 9
    other = new_client()
    sign_in(other, ada_with_passkey.email)
    assert other.post("/sign-in/code/", {"code": codes[0]}).status_code == 200


@pytest.fixture
def new_client() -> Callable[[], Client]:
    return Client


def test_the_app_moves_to_another_phone_in_one_step(ada: Membership, client_of: ClientOf) -> None:
    give_second_factor(ada)
    client = client_of(ada)
    confirm(client, code=code_of(SECRET))
    page = client.get("/account/second-factor/app/").content.decode()
    new_secret = re.findall(r'<code class="reference">([A-Z2-7]+)</code>', page)[0]

    response = client.post("/account/second-factor/app/", {"code": code_of(new_secret)})

    assert response.status_code == 302
    assert Authenticator.objects.filter(type="totp").count() == 1
    sign_in(fresh := Client(), ada.email)
    assert fresh.post("/sign-in/code/", {"code": code_of(SECRET, ahead=1)}).status_code == 200


def test_a_first_passkey_right_after_the_password_opens_the_workspace(
    ada: Membership, client: Client, device: SoftAuthenticator
) -> None:
    sign_in(client, ada.email)
    assert client.get("/o/acme/").status_code == 302

    add_passkey(client, device)

    assert client.get("/o/acme/").status_code == 200


def test_who_only_signs_in_by_single_sign_on_reads_where_it_is_managed(
    ada: Membership, client_of: ClientOf
) -> None:
    ada.user.set_unusable_password()
    ada.user.save()
    client = client_of(ada)

    assert client.get("/account/passkeys/").status_code == 403
    text = client.get("/account/").content.decode()
    assert "identity provider" in text
    assert "/account/passkeys/" not in text
