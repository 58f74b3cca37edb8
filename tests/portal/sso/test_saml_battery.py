"""Hostile SAML responses: each is refused with its reason, and leaves nothing behind."""

import base64
import copy
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import xmlsec
from django.utils import timezone
from lxml import etree

from accounts.models import User
from portal.sso.development.keys import make_key
from portal.sso.development.responses import build_response, encode, sign_assertion
from portal.sso.models import SignInAttempt, UsedAssertion
from portal.sso.refusals import Reason
from portal.sso.saml.guard import MAX_DOCUMENT
from portal.sso.saml.names import DS, SAML, SAMLP
from tests.portal.sso.conftest import Browser, Idp

pytestmark = pytest.mark.django_db

Forge = Callable[[Idp, str], etree._Element | str]
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"


def assertion_of(response: etree._Element) -> etree._Element:
    found = response.find(f"{{{SAML}}}Assertion")
    assert found is not None
    return found


def signature_of(response: etree._Element) -> etree._Element:
    found = assertion_of(response).find(f"{{{DS}}}Signature")
    assert found is not None
    return found


def text(response: etree._Element) -> str:
    return etree.tostring(response).decode()


def coded(document: str | bytes) -> str:
    raw = document.encode() if isinstance(document, str) else document
    return base64.b64encode(raw).decode()


def signed_with(algorithm: Any, digest: Any) -> Forge:
    """A true response whose signature uses other algorithms, made with the right key."""

    def forge(idp: Idp, request_id: str) -> etree._Element:
        response = build_response(idp.statement(request_id))
        assertion = assertion_of(response)
        signature = xmlsec.template.create(
            assertion, xmlsec.Transform.EXCL_C14N, algorithm, ns="ds"
        )
        assertion.insert(1, signature)
        reference = xmlsec.template.add_reference(signature, digest, uri=f"#{assertion.get('ID')}")
        xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
        xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(idp.key.private_pem, xmlsec.KeyFormat.PEM)
        xmlsec.tree.add_ids(response, ["ID"])
        context.sign(signature)
        return response

    return forge


def unsigned(idp: Idp, request_id: str) -> etree._Element:
    return build_response(idp.statement(request_id))


def wrong_key(idp: Idp, request_id: str) -> etree._Element:
    response = build_response(idp.statement(request_id))
    sign_assertion(response, make_key("mallory"))
    return response


def changed_after_signing(idp: Idp, request_id: str) -> etree._Element:
    response = idp.response(request_id)
    name_id = response.find(f".//{{{SAML}}}NameID")
    assert name_id is not None
    name_id.text = "ada-0001"
    return response


def only_the_envelope_signed(idp: Idp, request_id: str) -> etree._Element:
    response = idp.response(request_id)
    signature = signature_of(response)
    assertion_of(response).remove(signature)
    response.insert(1, signature)
    return response


def _evil_copy(response: etree._Element) -> etree._Element:
    evil = copy.deepcopy(assertion_of(response))
    signature = evil.find(f"{{{DS}}}Signature")
    if signature is not None:
        evil.remove(signature)
    evil.set("ID", "_evil")
    name_id = evil.find(f".//{{{SAML}}}NameID")
    assert name_id is not None
    name_id.text = "ada-0001"
    return evil


def wrapped_before(idp: Idp, request_id: str) -> etree._Element:
    response = idp.response(request_id)
    response.insert(2, _evil_copy(response))
    return response


def wrapped_after(idp: Idp, request_id: str) -> etree._Element:
    response = idp.response(request_id)
    response.append(_evil_copy(response))
    return response


def wrapped_around(idp: Idp, request_id: str) -> etree._Element:
    """The signed assertion hidden inside an evil one."""
    response = idp.response(request_id)
    signed, evil = assertion_of(response), _evil_copy(response)
    response.replace(signed, evil)
    evil.append(signed)
    return response


def wrapped_in_the_signature(idp: Idp, request_id: str) -> etree._Element:
    """The signed assertion moved into an Object of its own signature, on an evil one."""
    response = idp.response(request_id)
    signed, evil = assertion_of(response), _evil_copy(response)
    signature = signature_of(response)
    response.replace(signed, evil)
    signed.remove(signature)
    evil.insert(1, signature)
    holder = etree.SubElement(signature, f"{{{DS}}}Object")
    holder.append(signed)
    return response


def wrapped_in_extensions(idp: Idp, request_id: str) -> etree._Element:
    response = idp.response(request_id)
    signed, evil = assertion_of(response), _evil_copy(response)
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    response.insert(1, extensions)
    response.replace(signed, evil)
    extensions.append(signed)
    return response


def same_id_twice(idp: Idp, request_id: str) -> etree._Element:
    response = idp.response(request_id)
    response.set("ID", str(assertion_of(response).get("ID")))
    return response


def empty_reference(idp: Idp, request_id: str) -> etree._Element:
    response = idp.response(request_id)
    reference = response.find(f".//{{{DS}}}Reference")
    assert reference is not None
    reference.set("URI", "")
    return response


def two_references(idp: Idp, request_id: str) -> etree._Element:
    response = idp.response(request_id)
    reference = response.find(f".//{{{DS}}}Reference")
    assert reference is not None
    parent = reference.getparent()
    assert parent is not None
    parent.append(copy.deepcopy(reference))
    return response


def reread(response: etree._Element) -> etree._Element:
    """Nodes that xmlsec made are found by name only after parsing anew."""
    return etree.fromstring(etree.tostring(response))


def extra_transform(algorithm: str) -> Forge:
    def forge(idp: Idp, request_id: str) -> etree._Element:
        response = reread(idp.response(request_id))
        transforms = response.find(f".//{{{DS}}}Transforms")
        assert transforms is not None
        step = etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm=algorithm)
        etree.SubElement(step, f"{{{DS}}}XPath").text = "not(self::*)"
        return response

    return forge


def xslt_bomb(idp: Idp, request_id: str) -> etree._Element:
    """What costs a bare library seconds and hundreds of megabytes before any signature counts."""
    response = reread(idp.response(request_id))
    transforms = response.find(f".//{{{DS}}}Transforms")
    assert transforms is not None
    step = etree.Element(f"{{{DS}}}Transform", Algorithm=XSLT)
    sheet = "".join(
        f'<x:template name="t{n}"><x:call-template name="t{n + 1}"/>'
        f'<x:call-template name="t{n + 1}"/></x:template>'
        for n in range(30)
    )
    step.append(
        etree.fromstring(
            '<x:stylesheet xmlns:x="http://www.w3.org/1999/XSL/Transform" version="1.0">'
            f'<x:template match="/"><x:call-template name="t0"/></x:template>{sheet}'
            '<x:template name="t30"><x:text>a</x:text></x:template></x:stylesheet>'
        )
    )
    transforms.insert(0, step)
    return response


def with_doctype(idp: Idp, request_id: str) -> str:
    bomb = '<!DOCTYPE r [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]>'
    return coded(bomb + text(idp.response(request_id)))


def external_entity(idp: Idp, request_id: str) -> str:
    return coded('<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">' + text(idp.response(request_id)))


def comment_in_name(idp: Idp, request_id: str) -> str:
    signed = text(idp.response(request_id, subject="ada-0001.evil"))
    return coded(signed.replace("ada-0001.evil", "ada-0001<!-- -->.evil"))


def instruction_in_name(idp: Idp, request_id: str) -> str:
    signed = text(idp.response(request_id, subject="ada-0001.evil"))
    return coded(signed.replace("ada-0001.evil", "ada-0001<?x y?>.evil"))


def cdata_in_name(idp: Idp, request_id: str) -> str:
    signed = text(idp.response(request_id))
    return coded(signed.replace("erin-0001", "<![CDATA[erin-0001]]>"))


def child_in_value(idp: Idp, request_id: str) -> etree._Element:
    built = build_response(idp.statement(request_id))
    value = built.find(f".//{{{SAML}}}AttributeValue")
    assert value is not None
    value.text = "ada@acme.test"
    etree.SubElement(value, "x").tail = ".evil.test"
    sign_assertion(built, idp.key)
    return built


def encrypted(idp: Idp, request_id: str) -> etree._Element:
    response = idp.response(request_id)
    response.replace(assertion_of(response), etree.Element(f"{{{SAML}}}EncryptedAssertion"))
    return response


def edited(path: str, **attributes: str | None) -> Forge:
    """Attributes of one element changed by the identity provider itself, before it signs."""

    def forge(idp: Idp, request_id: str) -> etree._Element:
        built = build_response(idp.statement(request_id))
        element = built if path == "." else built.find(path, {"s": SAML, "p": SAMLP})
        assert element is not None
        for name, value in attributes.items():
            if value is None:
                element.attrib.pop(name, None)
            else:
                element.set(name, value)
        sign_assertion(built, idp.key)
        return built

    return forge


def without(path: str) -> Forge:
    def forge(idp: Idp, request_id: str) -> etree._Element:
        built = build_response(idp.statement(request_id))
        element = built.find(path, {"s": SAML, "p": SAMLP})
        assert element is not None
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
        sign_assertion(built, idp.key)
        return built

    return forge


def doubled(path: str) -> Forge:
    def forge(idp: Idp, request_id: str) -> etree._Element:
        built = build_response(idp.statement(request_id))
        element = built.find(path, {"s": SAML, "p": SAMLP})
        assert element is not None
        element.addnext(copy.deepcopy(element))
        sign_assertion(built, idp.key)
        return built

    return forge


def unasked(idp: Idp, request_id: str) -> etree._Element:
    """As an identity provider sends it on its own account."""
    built = build_response(idp.statement(request_id))
    for element in built.iter():
        element.attrib.pop("InResponseTo", None)
    sign_assertion(built, idp.key)
    return built


def two_addresses(idp: Idp, request_id: str) -> etree._Element:
    built = build_response(idp.statement(request_id))
    value = built.find(f".//{{{SAML}}}AttributeValue")
    assert value is not None
    second = copy.deepcopy(value)
    second.text = "ada@acme.test"
    value.addnext(second)
    sign_assertion(built, idp.key)
    return built


def said(**changes: Any) -> Forge:
    """A true signature over a statement with other values."""
    return lambda idp, request_id: idp.response(request_id, **changes)


def at(seconds: int) -> Forge:
    """Issued by a clock that differs from ours."""
    return lambda idp, request_id: idp.response(
        request_id, at=timezone.now() + timedelta(seconds=seconds)
    )


def raw(document: str) -> Forge:
    return lambda _idp, _request_id: document


CONFIRMATION_DATA = ".//s:SubjectConfirmationData"
CASES: dict[str, tuple[Forge, set[Reason]]] = {
    "unsigned": (unsigned, {Reason.UNSIGNED}),
    "wrong key": (wrong_key, {Reason.SIGNATURE}),
    "changed after signing": (changed_after_signing, {Reason.SIGNATURE}),
    "SHA-1 signature": (
        signed_with(xmlsec.Transform.RSA_SHA1, xmlsec.Transform.SHA256),
        {Reason.WEAK_ALGORITHM},
    ),
    "SHA-1 digest": (
        signed_with(xmlsec.Transform.RSA_SHA256, xmlsec.Transform.SHA1),
        {Reason.WEAK_ALGORITHM},
    ),
    "MD5 signature": (
        signed_with(xmlsec.Transform.RSA_MD5, xmlsec.Transform.SHA256),
        {Reason.WEAK_ALGORITHM},
    ),
    "envelope signed only": (only_the_envelope_signed, {Reason.UNSIGNED}),
    "wrapped before": (wrapped_before, {Reason.WRONG_STRUCTURE}),
    "wrapped after": (wrapped_after, {Reason.WRONG_STRUCTURE}),
    "wrapped around": (wrapped_around, {Reason.WRONG_STRUCTURE}),
    "wrapped in the signature": (wrapped_in_the_signature, {Reason.WRONG_STRUCTURE}),
    "wrapped in extensions": (wrapped_in_extensions, {Reason.WRONG_STRUCTURE}),
    "same ID twice": (same_id_twice, {Reason.WRONG_STRUCTURE}),
    "empty reference": (empty_reference, {Reason.WRONG_SIGNATURE_SHAPE}),
    "two references": (two_references, {Reason.WRONG_SIGNATURE_SHAPE}),
    "XPath transform": (extra_transform(XPATH), {Reason.WRONG_SIGNATURE_SHAPE}),
    "XSLT bomb": (xslt_bomb, {Reason.WRONG_SIGNATURE_SHAPE}),
    "document type": (with_doctype, {Reason.FORBIDDEN_MARKUP}),
    "external entity": (external_entity, {Reason.FORBIDDEN_MARKUP}),
    "comment in the name": (comment_in_name, {Reason.FORBIDDEN_MARKUP}),
    "instruction in the name": (instruction_in_name, {Reason.FORBIDDEN_MARKUP}),
    "CDATA in the name": (cdata_in_name, {Reason.FORBIDDEN_MARKUP}),
    "child in a value": (child_in_value, {Reason.FORBIDDEN_MARKUP}),
    "encrypted": (encrypted, {Reason.ENCRYPTED}),
    "issuer": (said(issuer="https://evil.test/metadata"), {Reason.ISSUER}),
    "audience": (said(audience="https://other-app.test/"), {Reason.AUDIENCE}),
    "no audience": (without(".//s:AudienceRestriction"), {Reason.AUDIENCE}),
    "two audience restrictions": (doubled(".//s:AudienceRestriction"), {Reason.AUDIENCE}),
    "two audiences": (doubled(".//s:Audience"), {Reason.AUDIENCE}),
    "no conditions": (without(".//s:Conditions"), {Reason.WRONG_STRUCTURE}),
    "no end": (edited(".//s:Conditions", NotOnOrAfter=None), {Reason.CONFIRMATION}),
    "destination": (edited(".", Destination="https://evil.test/"), {Reason.DESTINATION}),
    "destination beyond ours": (
        lambda idp, request_id: _suffixed(idp, request_id, ".", "Destination"),
        {Reason.DESTINATION},
    ),
    "no destination": (edited(".", Destination=None), {Reason.DESTINATION}),
    "recipient": (
        edited(CONFIRMATION_DATA, Recipient="https://evil.test/"),
        {Reason.RECIPIENT, Reason.CONFIRMATION},
    ),
    "recipient around ours": (
        lambda idp, request_id: _suffixed(idp, request_id, CONFIRMATION_DATA, "Recipient"),
        {Reason.RECIPIENT},
    ),
    "no recipient": (edited(CONFIRMATION_DATA, Recipient=None), {Reason.RECIPIENT}),
    "no request named": (edited(CONFIRMATION_DATA, InResponseTo=None), {Reason.UNSOLICITED}),
    "no request at all": (unasked, {Reason.UNSOLICITED}),
    "confirmation without end": (
        edited(CONFIRMATION_DATA, NotOnOrAfter=None),
        {Reason.CONFIRMATION},
    ),
    "two confirmations": (doubled(".//s:SubjectConfirmation"), {Reason.CONFIRMATION}),
    "holder of key": (
        edited(".//s:SubjectConfirmation", Method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"),
        {Reason.CONFIRMATION},
    ),
    "expired": (at(-3600), {Reason.EXPIRED, Reason.CONFIRMATION}),
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
    "two addresses": (two_addresses, {Reason.NO_EMAIL}),
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


def _suffixed(idp: Idp, request_id: str, path: str, attribute: str) -> etree._Element:
    """Our own address within a longer one, which a comparison by prefix lets through."""
    ours = idp.statement().acs_url
    value = f"{ours}evil" if path == "." else f"https://evil.test/?u={ours}"
    return edited(path, **{attribute: value})(idp, request_id)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
def test_refused(browser: Browser, acme_idp: Idp, case: str) -> None:
    forge, reasons = CASES[case]
    asked = browser.begin(acme_idp)
    started = time.monotonic()

    response = browser.bring(acme_idp, forge(acme_idp, asked.id))

    assert time.monotonic() - started < 2
    assert response.status_code in {400, 403}, response.content
    attempt = SignInAttempt.objects.get()
    assert attempt.reason in reasons, f"{attempt.reason}: {attempt.received}"
    assert attempt.reference in response.content.decode()
    assert not browser.is_signed_in
    assert not User.objects.exists()
    assert not UsedAssertion.objects.exists()


def test_bomb_is_refused_quickly(browser: Browser, acme_idp: Idp) -> None:
    asked = browser.begin(acme_idp)
    bomb = encode(xslt_bomb(acme_idp, asked.id))

    started = time.process_time()
    browser.bring(acme_idp, bomb)

    assert time.process_time() - started < 0.5


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


def test_guard_takes_time_in_proportion_to_size() -> None:
    """Input that makes careless patterns and parsers quadratic, at twice the size."""
    from portal.sso.refusals import SignInRefused  # noqa: PLC0415
    from portal.sso.saml.guard import guard  # noqa: PLC0415

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
