"""Tokens that an OpenID provider must not get away with: a page, a trace, and nobody in."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from portal.sso.oidc.kinds import CONSUMERS
from portal.sso.refusals import Reason
from tenants.models import Organization
from tests.portal.sso.openid.conftest import OTHER_TENANT, Browser, Connected
from tests.portal.sso.openid.op import LEFT_OUT, Issuer, key_named
from tests.portal.sso.openid.traces import is_refused

pytestmark = pytest.mark.django_db
Connect = Callable[..., Connected]


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _claims_part(token: str) -> str:
    return token.split(".")[1]


def without_signature(issuer: Issuer) -> Callable[[str], str]:
    return lambda token: f"{_part({'alg': 'none'})}.{_claims_part(token)}."


def signed_with_the_public_key(issuer: Issuer) -> Callable[[str], str]:
    """Everybody knows the public key: as an HMAC key it proves nothing."""

    def meddle(token: str) -> str:
        signed = f"{_part({'alg': 'HS256', 'kid': issuer.key.kid})}.{_claims_part(token)}"
        secret = issuer.key.as_pem(private=False)
        return f"{signed}.{_part(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    return meddle


def another_person_put_in(issuer: Issuer) -> Callable[[str], str]:
    def meddle(token: str) -> str:
        header, claims, signature = token.split(".")
        said = json.loads(base64.urlsafe_b64decode(claims + "=="))
        return f"{header}.{_part({**said, 'sub': 'ada-0001'})}.{signature}"

    return meddle


def not_a_token(issuer: Issuer) -> Callable[[str], str]:
    return lambda _token: "nonsense"


@pytest.mark.parametrize(
    ("meddling", "reason"),
    [
        (without_signature, Reason.UNSIGNED),
        (signed_with_the_public_key, Reason.WEAK_ALGORITHM),
        (another_person_put_in, Reason.SIGNATURE),
        (not_a_token, Reason.TOKEN),
    ],
)
def test_token_that_is_not_signed_as_it_must_be(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    meddling: Callable[[Issuer], Callable[[str], str]],
    reason: Reason,
) -> None:
    at = connected(organization)
    at.issuer.meddle = meddling(at.issuer)

    assert is_refused(browser.sign_in(at.connection), browser, reason)


def test_token_of_a_key_that_is_not_published(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization)
    at.issuer.publishes_key = False
    at.issuer.also_published = [key_named("second")]

    assert is_refused(browser.sign_in(at.connection), browser, Reason.UNKNOWN_KEY)


def test_key_that_was_taken_back_signs_nobody_in(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    """Another key under the same id: the signature decides, not the name."""
    at = connected(organization)
    at.issuer.publishes_key = False
    impostor = key_named("second").as_dict(private=True)
    at.issuer.also_published = [type(at.issuer.key).import_key({**impostor, "kid": "first"})]

    assert is_refused(browser.sign_in(at.connection), browser, Reason.SIGNATURE)


def test_unknown_keys_do_not_make_us_ask_again_and_again(
    connected: Connect, organization: Organization, new_browser: Callable[[], Browser]
) -> None:
    at = connected(organization)
    at.issuer.publishes_key = False

    for _visit in range(4):
        new_browser().sign_in(at.connection)

    assert at.issuer.asked.count("/jwks") == 2


@pytest.mark.filterwarnings("ignore:Key size")
def test_short_key_is_refused(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization)
    at.issuer.key = key_named("short", size=1024)

    assert is_refused(browser.sign_in(at.connection), browser, Reason.WEAK_ALGORITHM)


WRONG_CLAIMS = [
    ("oidc", {"iss": "https://other.test"}, Reason.ISSUER),
    ("oidc", {"aud": "another-application"}, Reason.AUDIENCE),
    ("oidc", {"aud": ["gatehouse", "another-application"]}, Reason.AUDIENCE),
    ("oidc", {"azp": "another-application"}, Reason.AUDIENCE),
    ("oidc", {"nonce": "of another sign-in"}, Reason.NONCE),
    ("oidc", {"nonce": None}, Reason.NONCE),
    ("oidc", {"exp": int(time.time()) - 120}, Reason.EXPIRED),
    ("oidc", {"exp": "tomorrow"}, Reason.EXPIRED),
    ("oidc", {"iat": int(time.time()) + 3600}, Reason.TOO_EARLY),
    ("oidc", {"nbf": int(time.time()) + 3600}, Reason.TOO_EARLY),
    ("oidc", {"nbf": 10**30}, Reason.TOO_EARLY),
    ("oidc", {"sub": ""}, Reason.SUBJECT),
    ("oidc", {"sub": "x" * 192}, Reason.SUBJECT),
    ("oidc", {"sub": 7}, Reason.SUBJECT),
    ("oidc", {"email_verified": False}, Reason.EMAIL_NOT_VERIFIED),
    ("oidc", {"email_verified": "true"}, Reason.EMAIL_NOT_VERIFIED),
    ("oidc", {"email_verified": LEFT_OUT}, Reason.EMAIL_NOT_VERIFIED),
    ("oidc", {"email": ["erin@acme.test", "ada@acme.test"]}, Reason.NO_EMAIL),
    ("oidc", {"email": "erin@acme.test <ada@acme.test>"}, Reason.NO_EMAIL),
    ("oidc", {"email": "erin@globex.test"}, Reason.FOREIGN_DOMAIN),
    ("google", {"hd": "globex.test"}, Reason.HOSTED_DOMAIN),
    ("google", {"hd": LEFT_OUT}, Reason.HOSTED_DOMAIN),
    ("google", {"hd": ""}, Reason.HOSTED_DOMAIN),
    ("google", {"email_verified": False}, Reason.EMAIL_NOT_VERIFIED),
    ("google", {"email_verified": "true"}, Reason.EMAIL_NOT_VERIFIED),
    ("google", {"email_verified": LEFT_OUT}, Reason.EMAIL_NOT_VERIFIED),
    ("google", {"email": "erin@gmail.test"}, Reason.FOREIGN_DOMAIN),
    ("microsoft", {"tid": OTHER_TENANT}, Reason.TENANT),
    ("microsoft", {"tid": CONSUMERS}, Reason.TENANT),
    ("microsoft", {"tid": LEFT_OUT}, Reason.TENANT),
    ("microsoft", {"oid": LEFT_OUT}, Reason.SUBJECT),
    ("microsoft", {"preferred_username": "+41 44 000 00 00"}, Reason.NO_EMAIL),
    ("microsoft", {"email": "erin@contoso.test"}, Reason.FOREIGN_DOMAIN),
]


@pytest.mark.parametrize(("kind", "says", "reason"), WRONG_CLAIMS)
def test_claim_that_must_not_be_believed(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    kind: str,
    says: dict[str, Any],
    reason: Reason,
) -> None:
    at = connected(organization, kind)
    at.issuer.says.update(says)

    assert is_refused(browser.sign_in(at.connection), browser, reason)


def test_word_about_one_address_does_not_count_for_another(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    """Userinfo that is of somebody else than the ID token."""
    at = connected(organization)
    at.issuer.thin = True
    at.issuer.meddle = lambda token: at.issuer.says.update(sub="mallory") or token

    assert is_refused(browser.sign_in(at.connection), browser, Reason.WRONG_ANSWER)
