"""Encrypted assertions: opened by our keys, and then held to every rule of a plain one."""

import base64
import copy
from collections.abc import Callable
from typing import Any

import pytest
import xmlsec
from django.utils import timezone
from lxml import etree

from portal.sso.actions import prepare_key, promote_key, retire_key
from portal.sso.development.keys import make_key
from portal.sso.development.responses import build_response, sign_assertion
from portal.sso.models import ConnectionKey, ParkedSignIn, SignInAttempt, UsedAssertion
from portal.sso.refusals import Reason
from portal.sso.saml.names import DS, SAML, XENC
from tenants.access import system_actor
from tests.portal.sso import forging as f
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.encrypting import (
    CBC,
    MGF_SHA256,
    OAEP_11,
    RSA_15,
    Recipe,
    assertion_in,
    encrypt,
    our_certificate,
    with_ciphertext,
)
from tests.portal.sso.signing import sign_posted

pytestmark = pytest.mark.django_db

RECIPES = {
    "AES-GCM": Recipe(),
    "AES-CBC": Recipe(data=CBC),
    "OAEP with SHA-1 named": Recipe(digest="http://www.w3.org/2000/09/xmldsig#sha1"),
    "OAEP with SHA-256": Recipe(key=OAEP_11, digest=f"{XENC}sha256", mask=MGF_SHA256),
    "key beside the data": Recipe(beside=True),
    "no type": Recipe(kind=""),
    "certificate named": Recipe(
        key_info="<ds:KeyInfo><ds:X509Data><ds:X509SKI>AA==</ds:X509SKI></ds:X509Data></ds:KeyInfo>"
    ),
}


def refusal(response: Any) -> Reason:
    assert response.status_code in {400, 403}
    attempt = SignInAttempt.objects.get()
    assert attempt.reference in response.content.decode()
    assert not ParkedSignIn.objects.exists()
    assert not UsedAssertion.objects.exists()
    return Reason(attempt.reason)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda name: name.replace(" ", "-"))
def test_signed_inside_signs_in(browser: Browser, acme_idp: Idp, recipe: str) -> None:
    asked = browser.begin(acme_idp)
    signed = acme_idp.response(asked.id)

    response = browser.bring(acme_idp, encrypt(signed, our_certificate(acme_idp), RECIPES[recipe]))

    assert response.status_code == 302
    assert browser.is_signed_in


@pytest.mark.parametrize("signed_inside", [True, False])
def test_signature_around_the_ciphertext_counts(
    browser: Browser, acme_idp: Idp, *, signed_inside: bool
) -> None:
    asked = browser.begin(acme_idp)
    built = build_response(acme_idp.statement(asked.id))
    if signed_inside:
        sign_assertion(built, acme_idp.key)
    whole = sign_posted(encrypt(built, our_certificate(acme_idp)), acme_idp.key)

    assert browser.bring(acme_idp, whole).status_code == 302


def test_signature_around_by_another_key_does_not(browser: Browser, acme_idp: Idp) -> None:
    asked = browser.begin(acme_idp)
    signed = acme_idp.response(asked.id)
    whole = sign_posted(encrypt(signed, our_certificate(acme_idp)), make_key("mallory"))

    assert refusal(browser.bring(acme_idp, whole)) is Reason.SIGNATURE


def test_ciphertext_changed_under_its_signature_is_refused(browser: Browser, acme_idp: Idp) -> None:
    """The signature covers what was sent; somebody puts in another assertion of their own."""
    asked = browser.begin(acme_idp)
    built = build_response(acme_idp.statement(asked.id))
    honest = sign_posted(encrypt(built, our_certificate(acme_idp)), acme_idp.key)
    evil = build_response(acme_idp.statement(asked.id, subject="ada-0001"))
    other = etree.fromstring(base64.b64decode(encrypt(evil, our_certificate(acme_idp))))
    whole = etree.fromstring(base64.b64decode(honest))
    whole.replace(whole[-1], other[-1])

    assert refusal(browser.bring(acme_idp, whole)) is Reason.SIGNATURE


def test_every_kept_key_opens(browser: Browser, acme_idp: Idp) -> None:
    """An identity provider that has not read our new metadata yet must not lock people out."""
    actor, at = system_actor(acme_idp.connection.organization), timezone.now()
    former = our_certificate(acme_idp)
    following = prepare_key(acme_idp.connection, actor=actor, at=at)
    for certificate in (former, following.certificate):
        asked = browser.begin(acme_idp)
        sealed = encrypt(acme_idp.response(asked.id), certificate)
        assert browser.bring(acme_idp, sealed).status_code == 302

    promote_key(following, actor=actor, at=at)
    asked = browser.begin(acme_idp)
    assert browser.bring(acme_idp, encrypt(acme_idp.response(asked.id), former)).status_code == 302

    retire_key(ConnectionKey.objects.exclude(pk=following.pk).get(), actor=actor, at=at)
    asked = browser.begin(acme_idp)
    response = browser.bring(acme_idp, encrypt(acme_idp.response(asked.id), former))
    assert response.status_code == 403
    assert SignInAttempt.objects.order_by("-id")[0].reason == Reason.DECRYPTION


def hidden(forge: f.Forge, recipe: Recipe | None = None) -> Callable[[Idp, str], str]:
    """What a forger makes, encrypted for us: our certificate is public."""

    def make(idp: Idp, request_id: str) -> str:
        forged = forge(idp, request_id)
        assert not isinstance(forged, str)
        return encrypt(forged, our_certificate(idp), recipe)

    return make


def inside(plain: bytes | Callable[[bytes], bytes]) -> Callable[[Idp, str], str]:
    """Chosen bytes in place of a true assertion, or made of it."""

    def make(idp: Idp, request_id: str) -> str:
        response = idp.response(request_id)
        honest = etree.tostring(assertion_in(response), with_tail=False)
        chosen = plain if isinstance(plain, bytes) else plain(honest)
        return with_ciphertext(response, our_certificate(idp), chosen, Recipe())

    return make


def wrapped_inside(place: str) -> f.Forge:
    """The evil copy around the signed assertion, or the signed one in its own signature."""

    def forge(idp: Idp, request_id: str) -> etree._Element:
        makers = {"around": f.wrapped_around, "in the signature": f.wrapped_in_the_signature}
        return makers[place](idp, request_id)

    return forge


def encrypted_subject(idp: Idp, request_id: str) -> etree._Element:
    built = build_response(idp.statement(request_id))
    name_id = built.find(f".//{{{SAML}}}NameID")
    assert name_id is not None
    name_id.tag = f"{{{SAML}}}EncryptedID"
    sign_assertion(built, idp.key)
    return built


def twice(idp: Idp, request_id: str) -> etree._Element:
    whole = etree.fromstring(
        base64.b64decode(encrypt(idp.response(request_id), our_certificate(idp)))
    )
    whole.append(copy.deepcopy(whole[-1]))
    return whole


def beside_a_plain_one(idp: Idp, request_id: str) -> etree._Element:
    response = idp.response(request_id)
    whole = etree.fromstring(base64.b64decode(encrypt(response, our_certificate(idp))))
    whole.append(copy.deepcopy(assertion_in(response)))
    return whole


def weak(recipe: Recipe) -> Callable[[Idp, str], str]:
    return lambda idp, asked: encrypt(idp.response(asked), our_certificate(idp), recipe)


def foreign(idp: Idp, request_id: str) -> str:
    certificate = make_key("elsewhere").certificate_pem.decode()
    return encrypt(idp.response(request_id), certificate)


def flipped(recipe: Recipe) -> Callable[[Idp, str], etree._Element]:
    """One bit of the ciphertext changed on the way."""

    def make(idp: Idp, request_id: str) -> etree._Element:
        sealed = encrypt(idp.response(request_id), our_certificate(idp), recipe)
        whole = etree.fromstring(base64.b64decode(sealed))
        value = whole.findall(f".//{{{XENC}}}CipherValue")[-1]
        raw = bytearray(base64.b64decode(value.text or ""))
        raw[40] ^= 1
        value.text = base64.b64encode(bytes(raw)).decode()
        return whole

    return make


def reference_outside(idp: Idp, request_id: str) -> etree._Element:
    """A cipher reference would make a careless library fetch an address."""
    sealed = encrypt(idp.response(request_id), our_certificate(idp))
    whole = etree.fromstring(base64.b64decode(sealed))
    data = whole.find(f".//{{{XENC}}}EncryptedData/{{{XENC}}}CipherData")
    assert data is not None
    data.remove(data[0])
    etree.SubElement(data, f"{{{XENC}}}CipherReference", URI="http://127.0.0.1:9/")
    return whole


def transform_of_the_key(idp: Idp, request_id: str) -> etree._Element:
    sealed = encrypt(idp.response(request_id), our_certificate(idp), Recipe(beside=True))
    whole = etree.fromstring(base64.b64decode(sealed))
    method = whole.find(f".//{{{DS}}}RetrievalMethod")
    assert method is not None
    transforms = etree.SubElement(method, f"{{{DS}}}Transforms")
    etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=f.XSLT)
    return whole


HOSTILE: dict[str, tuple[Callable[[Idp, str], Any], Reason]] = {
    "unsigned inside": (hidden(f.unsigned), Reason.UNSIGNED),
    "wrong key inside": (hidden(f.wrong_key), Reason.SIGNATURE),
    "changed inside": (hidden(f.changed_after_signing), Reason.SIGNATURE),
    "wrapped around": (hidden(wrapped_inside("around")), Reason.WRONG_STRUCTURE),
    "wrapped in the signature": (
        hidden(wrapped_inside("in the signature")),
        Reason.WRONG_STRUCTURE,
    ),
    "XSLT bomb inside": (hidden(f.xslt_bomb), Reason.WRONG_SIGNATURE_SHAPE),
    "two references inside": (hidden(f.two_references), Reason.WRONG_SIGNATURE_SHAPE),
    "SHA-1 inside": (
        hidden(f.signed_with(xmlsec.Transform.RSA_SHA1, xmlsec.Transform.SHA256)),
        Reason.WEAK_ALGORITHM,
    ),
    "child in a value inside": (hidden(f.child_in_value), Reason.FORBIDDEN_MARKUP),
    "expired inside": (hidden(f.at(-3600)), Reason.EXPIRED),
    "other audience inside": (hidden(f.said(audience="https://x.test/")), Reason.AUDIENCE),
    "encrypted subject": (hidden(encrypted_subject), Reason.ENCRYPTED),
    "two assertions inside": (inside(lambda one: one + one), Reason.WRONG_STRUCTURE),
    "text beside it": (inside(lambda one: b"x" + one), Reason.WRONG_STRUCTURE),
    "breaking out": (
        inside(lambda one: one + b"</holder><holder>"),
        Reason.NOT_XML,
    ),
    "document type inside": (
        inside(lambda one: b'<!DOCTYPE a [<!ENTITY b "c">]>' + one),
        Reason.FORBIDDEN_MARKUP,
    ),
    "comment inside": (
        inside(lambda one: one.replace(b"erin-0001", b"erin<!-- -->-0001")),
        Reason.FORBIDDEN_MARKUP,
    ),
    "no XML inside": (inside(b"\x00\xff"), Reason.NOT_XML),
    "nothing inside": (inside(b""), Reason.WRONG_STRUCTURE),
    "large inside": (inside(b"<a>" + b"x" * 262_200 + b"</a>"), Reason.TOO_LARGE),
    "encrypted again": (
        inside(b'<EncryptedAssertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/>'),
        Reason.ENCRYPTED,
    ),
    "twice": (twice, Reason.WRONG_STRUCTURE),
    "beside a plain one": (beside_a_plain_one, Reason.WRONG_STRUCTURE),
    "RSA 1.5": (weak(Recipe(key=RSA_15)), Reason.WEAK_ENCRYPTION),
    "triple DES": (weak(Recipe(data=f"{XENC}tripledes-cbc")), Reason.WEAK_ENCRYPTION),
    "MD5 in OAEP": (
        weak(Recipe(digest="http://www.w3.org/2001/04/xmldsig-more#md5")),
        Reason.WEAK_ENCRYPTION,
    ),
    "for somebody else": (foreign, Reason.DECRYPTION),
    "changed ciphertext, GCM": (flipped(Recipe()), Reason.DECRYPTION),
    "cipher reference": (reference_outside, Reason.WRONG_STRUCTURE),
    "transform of the key": (transform_of_the_key, Reason.WRONG_STRUCTURE),
}


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.replace(" ", "-"))
def test_hostile_ciphertext_is_refused(browser: Browser, acme_idp: Idp, case: str) -> None:
    forge, reason = HOSTILE[case]
    asked = browser.begin(acme_idp)

    response = browser.bring(acme_idp, forge(acme_idp, asked.id))

    assert refusal(response) is reason, SignInAttempt.objects.get().received
    assert not browser.is_signed_in


@pytest.mark.parametrize(
    "forge",
    [
        flipped(Recipe(data=CBC)),
        hidden(f.unsigned, Recipe(data=CBC)),
        hidden(f.wrong_key, Recipe(data=CBC)),
        hidden(f.child_in_value, Recipe(data=CBC)),
        hidden(wrapped_inside("around"), Recipe(data=CBC)),
    ],
)
def test_answers_to_changed_cbc_tell_nothing_apart(
    browser: Browser, acme_idp: Idp, forge: Callable[[Idp, str], Any]
) -> None:
    """Different answers let an eavesdropper read a captured assertion byte by byte."""
    asked = browser.begin(acme_idp)

    response = browser.bring(acme_idp, forge(acme_idp, asked.id))

    assert refusal(response) is Reason.DECRYPTION
    assert response.status_code == 403
    attempt = SignInAttempt.objects.get()
    assert (attempt.expected, attempt.received) == ("", "")


def test_plain_assertions_open_no_key(browser: Browser, acme_idp: Idp) -> None:
    """Our secrets are read only when something is encrypted for them."""
    ConnectionKey.objects.all().delete()
    asked = browser.begin(acme_idp)

    assert browser.bring(acme_idp, acme_idp.response(asked.id)).status_code == 302
