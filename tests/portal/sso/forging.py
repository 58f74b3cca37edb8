"""Builds hostile SAML responses, most of them signed with the right key."""

import base64
import copy
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import xmlsec
from django.utils import timezone
from lxml import etree

from portal.sso.development.keys import make_key
from portal.sso.development.responses import build_response, sign_assertion
from portal.sso.saml.names import DS, SAML, SAMLP
from tests.portal.sso.conftest import Idp

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


def comment_in_value(idp: Idp, request_id: str) -> str:
    signed = text(idp.response(request_id, email="ada@acme.test.evil.test"))
    return coded(signed.replace("ada@acme.test.evil", "ada@acme.test<!-- -->.evil"))


def instruction_in_value(idp: Idp, request_id: str) -> str:
    signed = text(idp.response(request_id, email="ada@acme.test.evil.test"))
    return coded(signed.replace("ada@acme.test.evil", "ada@acme.test<?x y?>.evil"))


def comment_in_digest(idp: Idp, request_id: str) -> str:
    signed = text(idp.response(request_id))
    return coded(signed.replace("DigestValue>", "DigestValue><!-- AAAA -->", 1))


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


def with_groups(idp: Idp, request_id: str, groups: list[str]) -> etree._Element:
    built = build_response(idp.statement(request_id))
    statement = built.find(f".//{{{SAML}}}AttributeStatement")
    assert statement is not None
    attribute = etree.SubElement(statement, f"{{{SAML}}}Attribute", Name="groups")
    for group in groups:
        etree.SubElement(attribute, f"{{{SAML}}}AttributeValue").text = group
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


def suffixed(idp: Idp, request_id: str, path: str, attribute: str) -> etree._Element:
    """Our own address within a longer one, which a comparison by prefix lets through."""
    ours = idp.statement().acs_url
    value = f"{ours}evil" if path == "." else f"https://evil.test/?u={ours}"
    return edited(path, **{attribute: value})(idp, request_id)
