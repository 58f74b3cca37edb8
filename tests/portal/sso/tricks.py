"""More forgeries: tricks with the signature's own parts, and old assertions in new clothes."""

import copy

from lxml import etree

from portal.sso.development.responses import build_response
from portal.sso.saml.names import DS
from tests.portal.sso.conftest import Idp
from tests.portal.sso.forging import assertion_of, coded, reread, signature_of, text
from tests.portal.sso.signing import sign_with_the_public_key


def hmac_confusion(idp: Idp, request_id: str) -> etree._Element:
    response = build_response(idp.statement(request_id))
    sign_with_the_public_key(response, idp.key.certificate_pem)
    return response


def renamed_signature(idp: Idp, request_id: str) -> str:
    """An element that is called Signature, and is none."""
    signed = text(idp.response(request_id))
    return coded(signed.replace(DS, "urn:not-a-signature"))


def two_signatures(idp: Idp, request_id: str) -> etree._Element:
    response = reread(idp.response(request_id))
    signature_of(response).addnext(copy.deepcopy(signature_of(response)))
    return response


def two_signed_infos(idp: Idp, request_id: str) -> etree._Element:
    response = reread(idp.response(request_id))
    info = signature_of(response)[0]
    info.addnext(copy.deepcopy(info))
    return response


def namespaced_id(idp: Idp, request_id: str) -> etree._Element:
    response = idp.response(request_id)
    response.set("{urn:x}ID", "_x")
    return response


def small_id(idp: Idp, request_id: str) -> etree._Element:
    """What some parsers take for the same identifier."""
    response = idp.response(request_id)
    response.set("id", str(assertion_of(response).get("ID")))
    return response


def written_anew(signed: etree._Element) -> str:
    """Other bytes for the same infoset: quotes, spaces in tags, a declaration."""
    document = text(signed).replace("></samlp:Response>", " ></samlp:Response>")
    return coded("<?xml version='1.0' encoding='UTF-8'?>\n" + document.replace(" ID=", "  ID="))


def in_a_new_wrapper(signed: etree._Element) -> etree._Element:
    """The signed assertion in a response that a thief has written."""
    signed.set("ID", "_thief")
    signed.set("IssueInstant", "2030-01-01T00:00:00Z")
    return signed
