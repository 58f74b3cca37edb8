"""Builds and signs SAML responses as an identity provider does."""

import base64
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from lxml import etree
from xmlsec import constants

from portal.sso.development.keys import SigningKey
from portal.sso.saml.names import BEARER, FORMAT_PERSISTENT, SAML, SAMLP, SUCCESS

VALID_FOR = timedelta(minutes=5)


@dataclass(frozen=True)
class Statement:
    """What the identity provider says, and to whom."""

    issuer: str
    audience: str
    acs_url: str
    request_id: str
    subject: str
    email: str
    name: str
    at: datetime
    authenticated_at: datetime


def instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def build_response(statement: Statement) -> etree._Element:
    """A response with one assertion, not signed yet."""
    return etree.fromstring(_TEMPLATE.format(**_values(statement)).encode())


def sign_assertion(response: etree._Element, key: SigningKey) -> None:
    """Sign the assertion in place, RSA with SHA-256."""
    assertion = response.find(f"{{{SAML}}}Assertion")
    if assertion is None:
        raise ValueError("There is no assertion to sign.")
    signature = xmlsec.template.create(
        assertion, constants.TransformExclC14N, constants.TransformRsaSha256, ns="ds"
    )
    assertion.insert(1, signature)
    reference = xmlsec.template.add_reference(
        signature, constants.TransformSha256, uri=f"#{assertion.get('ID')}"
    )
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, constants.TransformExclC14N)
    xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key.private_pem, constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(key.certificate_pem, constants.KeyDataFormatPem)
    xmlsec.tree.add_ids(response, ["ID"])
    context.sign(signature)


def encode(response: etree._Element) -> str:
    return base64.b64encode(etree.tostring(response)).decode("ascii")


def _values(statement: Statement) -> dict[str, str]:
    return {
        "saml": SAML,
        "samlp": SAMLP,
        "success": SUCCESS,
        "bearer": BEARER,
        "format": FORMAT_PERSISTENT,
        "response_id": _new_id(),
        "assertion_id": _new_id(),
        "session_id": _new_id(),
        "at": instant(statement.at),
        "not_before": instant(statement.at - timedelta(seconds=30)),
        "until": instant(statement.at + VALID_FOR),
        "authenticated_at": instant(statement.authenticated_at),
        "issuer": escape(statement.issuer),
        "audience": escape(statement.audience),
        "acs_url": quoteattr(statement.acs_url),
        "request_id": quoteattr(statement.request_id),
        "subject": escape(statement.subject),
        "email": escape(statement.email),
        "name": escape(statement.name),
    }


def _new_id() -> str:
    return f"_{secrets.token_hex(20)}"


_TEMPLATE = """\
<samlp:Response xmlns:samlp="{samlp}" xmlns:saml="{saml}" ID="{response_id}" Version="2.0"\
 IssueInstant="{at}" Destination={acs_url} InResponseTo={request_id}>\
<saml:Issuer>{issuer}</saml:Issuer>\
<samlp:Status><samlp:StatusCode Value="{success}"/></samlp:Status>\
<saml:Assertion ID="{assertion_id}" Version="2.0" IssueInstant="{at}">\
<saml:Issuer>{issuer}</saml:Issuer>\
<saml:Subject><saml:NameID Format="{format}">{subject}</saml:NameID>\
<saml:SubjectConfirmation Method="{bearer}">\
<saml:SubjectConfirmationData Recipient={acs_url} InResponseTo={request_id}\
 NotOnOrAfter="{until}"/></saml:SubjectConfirmation></saml:Subject>\
<saml:Conditions NotBefore="{not_before}" NotOnOrAfter="{until}">\
<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>\
</saml:Conditions>\
<saml:AuthnStatement AuthnInstant="{authenticated_at}" SessionIndex="{session_id}">\
<saml:AuthnContext><saml:AuthnContextClassRef>\
urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport\
</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>\
<saml:AttributeStatement>\
<saml:Attribute Name="email"><saml:AttributeValue>{email}</saml:AttributeValue></saml:Attribute>\
<saml:Attribute Name="displayName"><saml:AttributeValue>{name}</saml:AttributeValue>\
</saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>"""
