"""The eight known shapes of signature wrapping: a true signature, and a forged assertion beside it.

XSW1 and XSW2 are about a signed response, XSW3 to XSW8 about a signed assertion.
"""

import base64
import copy
from collections.abc import Callable

from lxml import etree

from portal.sso.saml.names import DS, SAML, SAMLP
from tests.portal.sso.conftest import Idp
from tests.portal.sso.encrypting import Recipe, encrypt_element, our_certificate
from tests.portal.sso.signing import sign_response

Shape = Callable[[etree._Element], etree._Element]


def _evil(element: etree._Element) -> etree._Element:
    """A copy for somebody else, without any signature."""
    evil = copy.deepcopy(element)
    evil.set("ID", "_evil")
    for signature in list(evil.iter(f"{{{DS}}}Signature")):
        parent = signature.getparent()
        assert parent is not None
        parent.remove(signature)
    name_id = evil.find(f".//{{{SAML}}}NameID")
    assert name_id is not None
    name_id.text = "ada-0001"
    return evil


def _signature(element: etree._Element) -> etree._Element:
    found = element.find(f"{{{DS}}}Signature")
    assert found is not None
    return found


def _assertion(response: etree._Element) -> etree._Element:
    found = response.find(f"{{{SAML}}}Assertion")
    assert found is not None
    return found


def _without_signature(element: etree._Element) -> etree._Element:
    bare = copy.deepcopy(element)
    bare.remove(_signature(bare))
    return bare


def xsw1(response: etree._Element) -> etree._Element:
    """The signed response inside the signature of an evil one."""
    evil = _evil(response)
    signature = copy.deepcopy(_signature(response))
    signature.append(_without_signature(response))
    evil.insert(1, signature)
    return evil


def xsw2(response: etree._Element) -> etree._Element:
    """The signed response before its signature, detached, in an evil one."""
    evil = _evil(response)
    evil.insert(1, _without_signature(response))
    evil.insert(2, copy.deepcopy(_signature(response)))
    return evil


def xsw3(response: etree._Element) -> etree._Element:
    """The evil assertion before the signed one."""
    _assertion(response).addprevious(_evil(_assertion(response)))
    return response


def xsw4(response: etree._Element) -> etree._Element:
    """The signed assertion inside the evil one."""
    signed = _assertion(response)
    evil = _evil(signed)
    response.replace(signed, evil)
    evil.append(signed)
    return response


def xsw5(response: etree._Element) -> etree._Element:
    """The signature on the evil assertion, the signed one without it at the end."""
    signed = _assertion(response)
    evil = _evil(signed)
    evil.insert(1, copy.deepcopy(_signature(signed)))
    bare = _without_signature(signed)
    response.replace(signed, evil)
    response.append(bare)
    return response


def xsw6(response: etree._Element) -> etree._Element:
    """The signed assertion inside the signature that the evil one carries."""
    signed = _assertion(response)
    evil = _evil(signed)
    signature = copy.deepcopy(_signature(signed))
    signature.append(_without_signature(signed))
    evil.insert(1, signature)
    response.replace(signed, evil)
    return response


def xsw7(response: etree._Element) -> etree._Element:
    """The evil assertion in extensions, where the schema allows anything."""
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(_evil(_assertion(response)))
    response.insert(1, extensions)
    return response


def xsw8(response: etree._Element) -> etree._Element:
    """The signed assertion in an object of the signature that the evil one carries."""
    signed = _assertion(response)
    evil = _evil(signed)
    signature = copy.deepcopy(_signature(signed))
    etree.SubElement(signature, f"{{{DS}}}Object").append(_without_signature(signed))
    evil.insert(1, signature)
    response.replace(signed, evil)
    return response


SHAPES: dict[str, Shape] = {
    shape.__name__: shape for shape in (xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8)
}


def wrapped(name: str, idp: Idp, request_id: str) -> etree._Element:
    """A true response, signed twice over, in one of the shapes."""
    response = idp.response(request_id)
    if name in {"xsw1", "xsw2"}:
        response = sign_response(response, idp.key)
    return SHAPES[name](etree.fromstring(etree.tostring(response)))


def wrapped_and_encrypted(name: str, which: int, idp: Idp, request_id: str) -> str:
    """The same, with one of the assertions in it encrypted for us afterwards."""
    response = wrapped(name, idp, request_id)
    found = list(response.iter(f"{{{SAML}}}Assertion"))
    hidden = found[which % len(found)]
    sealed = encrypt_element(hidden, our_certificate(idp), Recipe())
    parent = hidden.getparent()
    assert parent is not None
    parent.replace(hidden, sealed)
    return base64.b64encode(etree.tostring(response)).decode()
