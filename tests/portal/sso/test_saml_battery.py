"""Hostile SAML responses: each is refused with its reason, and leaves nothing behind."""

import base64
import time
from collections.abc import Callable

import pytest
import xmlsec
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from accounts.models import User
from audit.models import Event
from audit.names import EventName
from portal.sso.development.keys import make_key
from portal.sso.development.responses import build_response, encode, sign_assertion
from portal.sso.models import Connection, SignInAttempt, UsedAssertion
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.guard import guard
from portal.sso.saml.markup import MAX_DOCUMENT
from tests.portal.sso import forging as f
from tests.portal.sso import tricks
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.forging import at, coded, doubled, edited, raw, said, without
from tests.portal.sso.signing import make_curve_key, sign
from tests.portal.sso.traces import left_behind, rows

pytestmark = pytest.mark.django_db

CONFIRMATION_DATA = ".//s:SubjectConfirmationData"
CASES: dict[str, tuple[f.Forge, set[Reason]]] = {
    "unsigned": (f.unsigned, {Reason.UNSIGNED}),
    "wrong key": (f.wrong_key, {Reason.SIGNATURE}),
    "changed after signing": (f.changed_after_signing, {Reason.SIGNATURE}),
    "SHA-1 signature": (
        f.signed_with(xmlsec.Transform.RSA_SHA1, xmlsec.Transform.SHA256),
        {Reason.WEAK_ALGORITHM},
    ),
    "SHA-1 digest": (
        f.signed_with(xmlsec.Transform.RSA_SHA256, xmlsec.Transform.SHA1),
        {Reason.WEAK_ALGORITHM},
    ),
    "MD5 signature": (
        f.signed_with(xmlsec.Transform.RSA_MD5, xmlsec.Transform.SHA256),
        {Reason.WEAK_ALGORITHM},
    ),
    "envelope signed only": (f.only_the_envelope_signed, {Reason.UNSIGNED}),
    "wrapped before": (f.wrapped_before, {Reason.WRONG_STRUCTURE}),
    "wrapped after": (f.wrapped_after, {Reason.WRONG_STRUCTURE}),
    "wrapped around": (f.wrapped_around, {Reason.WRONG_STRUCTURE}),
    "wrapped in the signature": (f.wrapped_in_the_signature, {Reason.WRONG_STRUCTURE}),
    "wrapped in extensions": (f.wrapped_in_extensions, {Reason.WRONG_STRUCTURE}),
    "same ID twice": (f.same_id_twice, {Reason.WRONG_STRUCTURE}),
    "empty reference": (f.empty_reference, {Reason.WRONG_SIGNATURE_SHAPE}),
    "two references": (f.two_references, {Reason.WRONG_SIGNATURE_SHAPE}),
    "HMAC keyed with the certificate": (tricks.hmac_confusion, {Reason.WEAK_ALGORITHM}),
    "signature of another namespace": (tricks.renamed_signature, {Reason.WRONG_STRUCTURE}),
    "two signatures": (tricks.two_signatures, {Reason.WRONG_STRUCTURE}),
    "two SignedInfo": (tricks.two_signed_infos, {Reason.WRONG_SIGNATURE_SHAPE}),
    "digest with a comment": (f.comment_in_digest, {Reason.FORBIDDEN_MARKUP}),
    "ID in a namespace": (tricks.namespaced_id, {Reason.WRONG_STRUCTURE}),
    "ID in small letters": (tricks.small_id, {Reason.WRONG_STRUCTURE}),
    "XPath transform": (f.extra_transform(f.XPATH), {Reason.WRONG_SIGNATURE_SHAPE}),
    "XSLT bomb": (f.xslt_bomb, {Reason.WRONG_SIGNATURE_SHAPE}),
    "document type": (f.with_doctype, {Reason.FORBIDDEN_MARKUP}),
    "external entity": (f.external_entity, {Reason.FORBIDDEN_MARKUP}),
    "comment in the name": (f.comment_in_name, {Reason.FORBIDDEN_MARKUP}),
    "instruction in the name": (f.instruction_in_name, {Reason.FORBIDDEN_MARKUP}),
    "CDATA in the name": (f.cdata_in_name, {Reason.FORBIDDEN_MARKUP}),
    "comment in an attribute": (f.comment_in_value, {Reason.FORBIDDEN_MARKUP}),
    "instruction in an attribute": (f.instruction_in_value, {Reason.FORBIDDEN_MARKUP}),
    "child in a value": (f.child_in_value, {Reason.FORBIDDEN_MARKUP}),
    "encrypted": (f.encrypted, {Reason.WRONG_STRUCTURE}),
    "issuer": (said(issuer="https://evil.test/metadata"), {Reason.ISSUER}),
    "audience": (said(audience="https://other-app.test/"), {Reason.AUDIENCE}),
    "no audience": (without(".//s:AudienceRestriction"), {Reason.AUDIENCE}),
    "two audience restrictions": (doubled(".//s:AudienceRestriction"), {Reason.AUDIENCE}),
    "two audiences": (doubled(".//s:Audience"), {Reason.AUDIENCE}),
    "no conditions": (without(".//s:Conditions"), {Reason.WRONG_STRUCTURE}),
    "no end": (edited(".//s:Conditions", NotOnOrAfter=None), {Reason.CONFIRMATION}),
    "destination": (edited(".", Destination="https://evil.test/"), {Reason.DESTINATION}),
    "destination beyond ours": (
        lambda idp, request_id: f.suffixed(idp, request_id, ".", "Destination"),
        {Reason.DESTINATION},
    ),
    "no destination": (edited(".", Destination=None), {Reason.DESTINATION}),
    "recipient": (
        edited(CONFIRMATION_DATA, Recipient="https://evil.test/"),
        {Reason.RECIPIENT},
    ),
    "recipient around ours": (
        lambda idp, request_id: f.suffixed(idp, request_id, CONFIRMATION_DATA, "Recipient"),
        {Reason.RECIPIENT},
    ),
    "no recipient": (edited(CONFIRMATION_DATA, Recipient=None), {Reason.RECIPIENT}),
    "unknown request": (
        lambda idp, _asked: idp.response("_never-sent"),
        {Reason.OTHER_BROWSER},
    ),
    "no request named": (edited(CONFIRMATION_DATA, InResponseTo=None), {Reason.UNSOLICITED}),
    "no request at all": (f.unasked, {Reason.UNSOLICITED}),
    "confirmation without end": (
        edited(CONFIRMATION_DATA, NotOnOrAfter=None),
        {Reason.CONFIRMATION},
    ),
    "two confirmations": (doubled(".//s:SubjectConfirmation"), {Reason.CONFIRMATION}),
    "holder of key": (
        edited(".//s:SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
        {Reason.CONFIRMATION},
    ),
    "issuer with a space": (said(issuer="https://idp.acme.test/metadata "), {Reason.ISSUER}),
    "no issuer": (without(".//s:Issuer"), {Reason.WRONG_STRUCTURE}),
    "no subject at all": (without(".//s:Subject"), {Reason.WRONG_STRUCTURE}),
    "no statement": (without(".//s:AuthnStatement"), {Reason.WRONG_STRUCTURE}),
    "expired": (at(-3600), {Reason.EXPIRED}),
    "expired by a second too many": (at(-300 - 61), {Reason.EXPIRED}),
    "local time": (
        edited(".//s:Conditions", NotOnOrAfter="2099-01-01T00:00:00+02:00"),
        {Reason.WRONG_STRUCTURE},
    ),
    "from the future": (at(91), {Reason.TOO_EARLY}),
    "no subject": (said(subject=""), {Reason.SUBJECT}),
    "subject in spaces": (said(subject=" erin-0001 "), {Reason.SUBJECT}),
    "endless subject": (said(subject="e" * 500), {Reason.SUBJECT}),
    "transient subject": (
        edited(".//s:NameID", Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"),
        {Reason.SUBJECT},
    ),
    "no address": (said(email=""), {Reason.NO_EMAIL}),
    "address of two": (said(email="erin@acme.test,ada@acme.test"), {Reason.NO_EMAIL}),
    "address in other letters": (said(email="erin@\u0430cme.test"), {Reason.NO_EMAIL}),
    "address with a line": (said(email="erin@acme.test\nx@evil.test"), {Reason.NO_EMAIL}),
    "repeated attribute": (doubled(".//s:Attribute"), {Reason.ATTRIBUTES}),
    "two addresses": (f.two_addresses, {Reason.NO_EMAIL}),
    "foreign domain": (said(email="erin@evil.test"), {Reason.FOREIGN_DOMAIN}),
    "domain below ours": (said(email="erin@sub.acme.test"), {Reason.FOREIGN_DOMAIN}),
    "not successful": (
        edited("p:Status/p:StatusCode", Value="urn:oasis:names:tc:SAML:2.0:status:Requester"),
        {Reason.NOT_SUCCESS},
    ),
    "version 1": (edited(".", Version="1.1"), {Reason.WRONG_STRUCTURE}),
    "empty": (raw(""), {Reason.NOT_BASE64}),
    "not Base64": (raw("<samlp:Response/>"), {Reason.NOT_BASE64}),
    "Base64 of other letters": (raw("PHg+ää=="), {Reason.NOT_BASE64}),
    "half of Base64": (raw("PHg+P"), {Reason.NOT_BASE64}),
    "not XML": (raw(coded("hello")), {Reason.NOT_XML}),
    "half of XML": (raw(coded("<a><b></a>")), {Reason.NOT_XML}),
    "other encoding": (
        raw(coded('<?xml version="1.0" encoding="utf-16"?><a/>')),
        {Reason.NOT_XML, Reason.FORBIDDEN_MARKUP},
    ),
    "not UTF-8": (raw(coded(b"<a>\xff\xfe</a>")), {Reason.NOT_XML}),
    "something else": (raw(coded("<a/>")), {Reason.WRONG_STRUCTURE}),
    "relative namespace": (raw(coded('<a xmlns="b"/>')), {Reason.FORBIDDEN_MARKUP}),
    "too deep": (
        raw(coded("<a>" * 3000 + "</a>" * 3000)),
        {Reason.NOT_XML, Reason.TOO_LARGE},
    ),
    "too many elements": (raw(coded("<a>" + "<b/>" * 5000 + "</a>")), {Reason.TOO_LARGE}),
    "too large": (raw(coded(b"<a>" + b"x" * MAX_DOCUMENT + b"</a>")), {Reason.TOO_LARGE}),
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
def test_refused(browser: Browser, acme_idp: Idp, case: str) -> None:
    forge, reasons = CASES[case]
    asked = browser.begin(acme_idp)
    before = rows()
    started = time.monotonic()

    response = browser.bring(acme_idp, forge(acme_idp, asked.id))

    assert time.monotonic() - started < 2
    assert left_behind(before) == {"audit.Event": 1, "sso.SignInAttempt": 1}
    event = Event.objects.get(name=EventName.SIGN_IN_REFUSED)
    assert event.outcome == "refused"
    assert response.status_code in {400, 403}, response.content
    attempt = SignInAttempt.objects.get()
    assert attempt.reason in reasons, f"{attempt.reason}: {attempt.received}"
    assert attempt.reference in response.content.decode()
    assert not browser.is_signed_in
    assert not User.objects.exists()
    assert not UsedAssertion.objects.exists()


def test_bomb_is_refused_quickly(browser: Browser, acme_idp: Idp) -> None:
    asked = browser.begin(acme_idp)
    bomb = encode(f.xslt_bomb(acme_idp, asked.id))

    started = time.process_time()
    browser.bring(acme_idp, bomb)

    assert time.process_time() - started < 0.5


def test_an_assertion_for_ever_is_not_a_fault(browser: Browser, acme_idp: Idp) -> None:
    asked = browser.begin(acme_idp)
    forge = edited(".//s:Conditions", NotOnOrAfter="9999-12-31T23:59:59Z")

    response = browser.bring(acme_idp, forge(acme_idp, asked.id))

    assert response.status_code == 302


@pytest.mark.parametrize("seconds", [-59, 0, 59])
def test_clocks_may_differ_by_a_minute(browser: Browser, acme_idp: Idp, seconds: int) -> None:
    asked = browser.begin(acme_idp)

    response = browser.bring(acme_idp, at(seconds)(acme_idp, asked.id))

    assert response.status_code == 302


def test_line_breaks_in_base64_are_fine(browser: Browser, acme_idp: Idp) -> None:
    asked = browser.begin(acme_idp)
    encoded = encode(acme_idp.response(asked.id))
    broken = "\r\n".join(encoded[i : i + 76] for i in range(0, len(encoded), 76))

    assert browser.bring(acme_idp, broken).status_code == 302


def test_body_is_weighed_before_it_is_read(browser: Browser, acme_idp: Idp) -> None:
    response = browser.post(
        f"/sso/{acme_idp.connection.pk}/acs/",
        "SAMLResponse=" + "A" * 2_000_000,
        content_type="application/x-www-form-urlencoded",
    )

    assert response.status_code == 400
    assert SignInAttempt.objects.get().reason == Reason.TOO_LARGE


def test_two_responses_in_one_form_are_refused(browser: Browser, acme_idp: Idp) -> None:
    response = browser.post(
        f"/sso/{acme_idp.connection.pk}/acs/",
        "SAMLResponse=PGEvPg%3D%3D&SAMLResponse=PGEvPg%3D%3D",
        content_type="application/x-www-form-urlencoded",
    )

    assert response.status_code == 400


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()], ids=lambda c: c.name)
def test_elliptic_curves_sign_too(browser: Browser, acme_idp: Idp, curve: ec.EllipticCurve) -> None:
    key = make_curve_key(curve)
    Connection.objects.update(certificate=key.certificate_pem.decode())
    asked = browser.begin(acme_idp)
    built = build_response(acme_idp.statement(asked.id))
    sign(f.assertion_of(built), key.private_pem, xmlsec.Transform.ECDSA_SHA256)

    assert browser.bring(acme_idp, f.reread(built)).status_code == 302


def test_second_certificate_is_as_good_as_the_first(browser: Browser, acme_idp: Idp) -> None:
    following = make_key("following")
    Connection.objects.update(next_certificate=following.certificate_pem.decode())
    asked = browser.begin(acme_idp)
    built = build_response(acme_idp.statement(asked.id))
    sign_assertion(built, following)

    assert browser.bring(acme_idp, built).status_code == 302


REPLAYS: dict[str, Callable[[etree._Element], etree._Element | str]] = {
    "same body": lambda signed: signed,
    "encoded anew": lambda signed: base64.encodebytes(etree.tostring(signed)).decode(),
    "written anew": tricks.written_anew,
    "in a new wrapper": tricks.in_a_new_wrapper,
}


@pytest.mark.parametrize("again", REPLAYS, ids=lambda name: name.replace(" ", "-"))
@pytest.mark.parametrize("by_another_browser", [False, True])
def test_an_assertion_signs_in_once(
    browser: Browser, acme_idp: Idp, again: str, *, by_another_browser: bool
) -> None:
    """The key is what was signed, not the bytes around it."""
    asked = browser.begin(acme_idp)
    signed = acme_idp.response(asked.id)
    assert browser.bring(acme_idp, f.reread(signed)).status_code == 302
    second = Browser() if by_another_browser else browser
    before = rows()

    response = second.bring(acme_idp, REPLAYS[again](f.reread(signed)))

    assert response.status_code == 403
    assert SignInAttempt.objects.order_by("-id")[0].reason == Reason.REPLAYED
    assert left_behind(before) == {"audit.Event": 1, "sso.SignInAttempt": 1}


def test_two_that_race_with_one_assertion_open_one_session(browser: Browser, acme_idp: Idp) -> None:
    """Both were validated before either was used up."""
    asked = browser.begin(acme_idp)
    signed = acme_idp.response(asked.id)
    finish = browser.post_to_acs(acme_idp, signed)["Location"]
    first = browser.cookies["gatehouse-parked"].value
    browser.post_to_acs(acme_idp, signed)
    assert browser.get(finish).status_code == 302
    browser.cookies["gatehouse-parked"] = first

    assert browser.get(finish).status_code == 403
    assert UsedAssertion.objects.count() == 1


def test_guard_takes_time_in_proportion_to_size() -> None:
    """Input that makes careless patterns and parsers quadratic, at twice the size."""

    def seconds(document: str) -> float:
        started = time.process_time()
        with pytest.raises(SignInRefused):
            guard(document)
        return time.process_time() - started

    for make in (
        lambda n: "\r\n" * n + "!",
        lambda n: "A" * n + "!",
        lambda n: coded("<a" + ' xmlns="' * (n // 16) + ">"),
        lambda n: coded("<a " + "b='c' " * (n // 16) + "/>"),
    ):
        assert seconds(make(150_000)) < 0.5
