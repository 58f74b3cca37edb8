"""The strict look at a SAML response before any library reads it: size, encoding, structure.

Linear in the size of the input. What passes has one assertion, signed in the one permitted way,
so that nothing a stranger can send makes the signature library transform, fetch or count.
"""

import base64
import binascii
import re
from dataclasses import dataclass

from lxml import etree

from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.names import SAML, SAMLP
from portal.sso.saml.signature_shape import check_signature

MAX_DOCUMENT = 256 * 1024
# Base64 takes a third more, and identity providers break its lines.
MAX_ENCODED = MAX_DOCUMENT * 3 // 2
MAX_ELEMENTS = 2_000
MAX_ATTRIBUTES = 40
MAX_NAMESPACES = 200

_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
_DECLARATION = re.compile(
    rb"<\?xml version=(?:\"1\.0\"|'1\.0')"
    rb"(?: encoding=(?:\"(?:utf|UTF)-8\"|'(?:utf|UTF)-8'))?"
    rb"(?: standalone=(?:\"(?:yes|no)\"|'(?:yes|no)'))? ?\?>\s*"
)

_RESPONSE = ("Issuer", "Signature?", "Status", "Assertion")
_ASSERTION = (
    "Issuer",
    "Signature",
    "Subject",
    "Conditions",
    "AuthnStatement",
    "AttributeStatement?",
)
# These hold text alone: a child element would split what a reader of `.text` sees.
_LEAVES = frozenset(
    f"{{{SAML}}}{name}"
    for name in ("Issuer", "NameID", "Audience", "AttributeValue", "AuthnContextClassRef")
)


@dataclass(frozen=True)
class GuardedResponse:
    """A response of permitted structure; nothing in it is proven yet."""

    encoded: str
    response: etree._Element
    assertion: etree._Element


def guard(encoded: str) -> GuardedResponse:
    """Refuse anything but one plainly built response. Raises SignInRefused."""
    document = _decoded(encoded)
    _check_markup(document)
    root = _parsed(document)
    _check_every_element(root)
    assertion = _check_structure(root)
    return GuardedResponse(base64.b64encode(document).decode("ascii"), root, assertion)


def _decoded(encoded: str) -> bytes:
    if len(encoded) > MAX_ENCODED:
        raise SignInRefused(Reason.TOO_LARGE, received=f"{len(encoded)} characters")
    unbroken = encoded.replace("\r", "").replace("\n", "")
    if not _BASE64.fullmatch(unbroken):
        raise SignInRefused(Reason.NOT_BASE64)
    try:
        document = base64.b64decode(unbroken, validate=True)
    except binascii.Error as error:
        raise SignInRefused(Reason.NOT_BASE64) from error
    if len(document) > MAX_DOCUMENT:
        raise SignInRefused(Reason.TOO_LARGE, received=f"{len(document)} bytes")
    return document


def _check_markup(document: bytes) -> None:
    """No DTD, entity, comment, CDATA or processing instruction: no parser may disagree."""
    try:
        document.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SignInRefused(Reason.NOT_XML) from error
    declaration = _DECLARATION.match(document)
    body = document[declaration.end() :] if declaration else document
    if not body.startswith(b"<"):
        raise SignInRefused(Reason.NOT_XML)
    for sign, what in ((b"<!", "a DTD, comment or CDATA"), (b"<?", "an instruction"), (b"\0", "")):
        if sign in body:
            raise SignInRefused(Reason.FORBIDDEN_MARKUP, received=what)
    declared = body.count(b"xmlns")
    if declared > MAX_NAMESPACES:
        raise SignInRefused(Reason.FORBIDDEN_MARKUP, received=f"{declared} namespaces")


def _parsed(document: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise SignInRefused(Reason.NOT_XML) from error
    if len(parser.error_log):
        # Warnings count: a relative namespace, say, reads differently in another parser.
        raise SignInRefused(Reason.FORBIDDEN_MARKUP, received=parser.error_log[0].type_name)
    return root


def _check_every_element(root: etree._Element) -> None:
    seen: set[str] = set()
    for count, element in enumerate(root.iter(), start=1):
        if count > MAX_ELEMENTS:
            raise SignInRefused(Reason.TOO_LARGE, received=f"over {MAX_ELEMENTS} elements")
        _check_attributes(element, seen)
        if element.tag in _LEAVES and len(element):
            raise SignInRefused(Reason.FORBIDDEN_MARKUP, received=f"children in {_local(element)}")


def _check_attributes(element: etree._Element, seen: set[str]) -> None:
    if len(element.attrib) > MAX_ATTRIBUTES:
        raise SignInRefused(Reason.TOO_LARGE, received=f"over {MAX_ATTRIBUTES} attributes")
    for name, value in element.attrib.items():
        namespace, _, local = str(name).rpartition("}")
        if local.lower() != "id":
            continue
        if namespace or value in seen:
            raise SignInRefused(Reason.WRONG_STRUCTURE, received="an ambiguous ID")
        seen.add(str(value))


def _check_structure(root: etree._Element) -> etree._Element:
    if root.tag != f"{{{SAMLP}}}Response":
        raise SignInRefused(Reason.WRONG_STRUCTURE, expected="Response", received=_local(root))
    assertion = _only_assertion(root)
    _check_children(root, _RESPONSE)
    if assertion.find("{*}Signature") is None:
        raise SignInRefused(Reason.UNSIGNED)
    _check_children(assertion, _ASSERTION)
    for signature in root.iter("{*}Signature"):
        check_signature(signature, allowed_parents=(root, assertion))
    return assertion


def _only_assertion(root: etree._Element) -> etree._Element:
    if next(root.iter("{*}EncryptedAssertion", "{*}EncryptedID"), None) is not None:
        raise SignInRefused(Reason.ENCRYPTED)
    found = list(root.iter("{*}Assertion"))
    if len(found) != 1 or found[0].getparent() is not root:
        status = root.find(f"{{{SAMLP}}}Status/{{{SAMLP}}}StatusCode")
        if not found and status is not None:
            raise SignInRefused(Reason.NOT_SUCCESS, received=str(status.get("Value", "")))
        raise SignInRefused(
            Reason.WRONG_STRUCTURE, expected="one assertion", received=str(len(found))
        )
    return found[0]


def _check_children(parent: etree._Element, order: tuple[str, ...]) -> None:
    """Exactly these children, in this order; a question mark makes one optional."""
    names = [_local(child) for child in parent]
    required = [name for name in order if not name.endswith("?")]
    present = [name.rstrip("?") for name in order if name.rstrip("?") in names]
    if names != present or any(name not in names for name in required):
        raise SignInRefused(
            Reason.WRONG_STRUCTURE,
            expected=f"{_local(parent)}: {' '.join(order)}",
            received=" ".join(names[:12]),
        )
    _check_namespaces(parent)


def _check_namespaces(parent: etree._Element) -> None:
    for child in parent:
        if etree.QName(child).namespace not in (SAML, SAMLP, _NAMESPACE_OF.get(_local(child))):
            raise SignInRefused(Reason.WRONG_STRUCTURE, received=str(child.tag))


_NAMESPACE_OF = {"Signature": "http://www.w3.org/2000/09/xmldsig#"}


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname
