"""The plainest look at a posted document: size, encoding, and no markup that parsers disagree on.

Linear in the size of the input.
"""

import base64
import binascii
import re

from lxml import etree

from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.names import SAML

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
# These hold text alone: a child element would split what a reader of `.text` sees.
_LEAVES = frozenset(
    f"{{{SAML}}}{name}"
    for name in ("Issuer", "NameID", "Audience", "AttributeValue", "AuthnContextClassRef")
)


def decoded(encoded: str) -> bytes:
    """The bytes of a posted field. Raises SignInRefused."""
    if len(encoded) > MAX_ENCODED:
        raise SignInRefused(Reason.TOO_LARGE, received=f"{len(encoded)} characters")
    unbroken = encoded.replace("\r", "").replace("\n", "")
    if not _BASE64.fullmatch(unbroken):
        raise SignInRefused(Reason.NOT_BASE64)
    try:
        return base64.b64decode(unbroken, validate=True)
    except binascii.Error as error:
        raise SignInRefused(Reason.NOT_BASE64) from error


def parsed(document: bytes) -> etree._Element:
    """The root of a document that every parser reads alike. Raises SignInRefused."""
    if len(document) > MAX_DOCUMENT:
        raise SignInRefused(Reason.TOO_LARGE, received=f"{len(document)} bytes")
    _check_markup(without_declaration(document))
    root = _read(document)
    _check_every_element(root)
    return root


def without_declaration(document: bytes) -> bytes:
    declaration = _DECLARATION.match(document)
    return document[declaration.end() :] if declaration else document


def _check_markup(body: bytes) -> None:
    """No DTD, entity, comment, CDATA or processing instruction: no parser may disagree."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SignInRefused(Reason.NOT_XML) from error
    if not body.startswith(b"<"):
        raise SignInRefused(Reason.NOT_XML)
    for sign, what in ((b"<!", "a DTD, comment or CDATA"), (b"<?", "an instruction"), (b"\0", "")):
        if sign in body:
            raise SignInRefused(Reason.FORBIDDEN_MARKUP, received=what)
    declared = body.count(b"xmlns")
    if declared > MAX_NAMESPACES:
        raise SignInRefused(Reason.FORBIDDEN_MARKUP, received=f"{declared} namespaces")


def _read(document: bytes) -> etree._Element:
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
        if element.attrib:
            _check_attributes(element, seen)
        if element.tag in _LEAVES and len(element):
            local = etree.QName(element).localname
            raise SignInRefused(Reason.FORBIDDEN_MARKUP, received=f"children in {local}")


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
