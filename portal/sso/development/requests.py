"""Reads the AuthnRequest that Gatehouse sends by HTTP-Redirect."""

import base64
import binascii
import zlib
from dataclasses import dataclass

from lxml import etree

from portal.sso.saml.names import SAML, SAMLP

MAX_REQUEST = 20_000


class RequestWrong(ValueError):
    """That is no AuthnRequest."""


@dataclass(frozen=True)
class AuthnRequest:
    id: str
    issuer: str
    acs_url: str
    force: bool


def read_request(encoded: str) -> AuthnRequest:
    """Raises RequestWrong."""
    try:
        inflater = zlib.decompressobj(-15)
        document = inflater.decompress(base64.b64decode(encoded, validate=True), MAX_REQUEST)
        root = etree.fromstring(document, etree.XMLParser(resolve_entities=False, no_network=True))
    except (binascii.Error, zlib.error, etree.XMLSyntaxError, ValueError) as error:
        raise RequestWrong("The address holds no sign-in request.") from error
    if root.tag != f"{{{SAMLP}}}AuthnRequest":
        raise RequestWrong("The address holds no sign-in request.")
    return AuthnRequest(
        id=str(root.get("ID", "")),
        issuer=root.findtext(f"{{{SAML}}}Issuer") or "",
        acs_url=str(root.get("AssertionConsumerServiceURL", "")),
        force=root.get("ForceAuthn") in ("true", "1"),
    )
