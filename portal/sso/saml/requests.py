"""The AuthnRequest that a browser carries to the identity provider, signed with our own key."""

import base64
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from xmlsec import constants

from portal.sso.saml.judge import Parties
from portal.sso.saml.names import FORMAT_UNSPECIFIED, POST_BINDING, RSA_SHA256, SAML, SAMLP


@dataclass(frozen=True)
class AuthnRequest:
    """A request for a sign-in; what comes back must name its id."""

    id: str
    document: bytes


def make_request(parties: Parties, *, at: datetime, force: bool) -> AuthnRequest:
    """`force` asks that the person proves themselves afresh."""
    request_id = f"_{secrets.token_hex(20)}"
    document = _TEMPLATE.format(
        samlp=SAMLP,
        saml=SAML,
        id=request_id,
        at=at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        destination=quoteattr(parties.idp_sso_url),
        acs_url=quoteattr(parties.acs_url),
        binding=POST_BINDING,
        force=' ForceAuthn="true"' if force else "",
        issuer=escape(parties.entity_id),
        format=FORMAT_UNSPECIFIED,
    )
    return AuthnRequest(request_id, document.encode())


def redirect_address(request: AuthnRequest, sso_url: str, *, private_key: str = "") -> str:
    """Where HTTP-Redirect leads: the request, and with a key the signature over the query."""
    squeezed = zlib.compress(request.document)[2:-4]
    query = urlencode({"SAMLRequest": base64.b64encode(squeezed)})
    if private_key:
        query += "&" + urlencode({"SigAlg": RSA_SHA256})
        query += "&" + urlencode({"Signature": base64.b64encode(_signed(query, private_key))})
    return f"{sso_url}{'&' if '?' in sso_url else '?'}{query}"


def posted_request(request: AuthnRequest, *, private_key: str = "", certificate: str = "") -> str:
    """The `SAMLRequest` field of HTTP-POST; with a key the document is signed itself."""
    document = request.document
    if private_key:
        document = _enveloped(document, private_key, certificate)
    return base64.b64encode(document).decode("ascii")


def _signed(query: str, private_key: str) -> bytes:
    key = serialization.load_pem_private_key(private_key.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("Our own keys are RSA keys.")
    return key.sign(query.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())


def _enveloped(document: bytes, private_key: str, certificate: str) -> bytes:
    root = etree.fromstring(document)
    signature = xmlsec.template.create(
        root, constants.TransformExclC14N, constants.TransformRsaSha256, ns="ds"
    )
    # The schema wants it right behind the issuer.
    root.insert(1, signature)
    reference = xmlsec.template.add_reference(
        signature, constants.TransformSha256, uri=f"#{root.get('ID')}"
    )
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, constants.TransformExclC14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(private_key.encode(), constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(certificate.encode(), constants.KeyDataFormatPem)
    xmlsec.tree.add_ids(root, ["ID"])
    context.sign(signature)
    return etree.tostring(root)


_TEMPLATE = """\
<samlp:AuthnRequest xmlns:samlp="{samlp}" xmlns:saml="{saml}" ID="{id}" Version="2.0"\
 IssueInstant="{at}" Destination={destination} ProtocolBinding="{binding}"\
 AssertionConsumerServiceURL={acs_url}{force}>\
<saml:Issuer>{issuer}</saml:Issuer>\
<samlp:NameIDPolicy Format="{format}" AllowCreate="true"/></samlp:AuthnRequest>"""
