"""Signs what identity providers sign beside the assertion, and with other keys and algorithms."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lxml import etree

from portal.sso.development.keys import SigningKey
from portal.sso.saml.names import DS, SAML

RSA_SHA256 = xmlsec.Transform.RSA_SHA256


def sign(element: etree._Element, private_pem: bytes, algorithm: Any = RSA_SHA256) -> None:
    """An enveloped signature right behind the issuer of `element`."""
    signature = xmlsec.template.create(element, xmlsec.Transform.EXCL_C14N, algorithm, ns="ds")
    element.insert(1, signature)
    reference = xmlsec.template.add_reference(
        signature, xmlsec.Transform.SHA256, uri=f"#{element.get('ID')}"
    )
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(private_pem, xmlsec.KeyFormat.PEM)
    xmlsec.tree.add_ids(element, ["ID"])
    context.sign(signature)


def sign_response(response: etree._Element, key: SigningKey) -> etree._Element:
    """The whole response signed, over whatever is in it; parsed anew."""
    whole = etree.fromstring(etree.tostring(response))
    sign(whole, key.private_pem)
    return etree.fromstring(etree.tostring(whole))


def sign_posted(encoded: str, key: SigningKey) -> str:
    """The same for what is encoded already."""
    whole = sign_response(etree.fromstring(base64.b64decode(encoded)), key)
    return base64.b64encode(etree.tostring(whole)).decode()


def sign_with_the_public_key(response: etree._Element, certificate_pem: bytes) -> None:
    """HMAC, keyed with what everybody knows: a careless verifier takes the certificate for it."""
    assertion = response.find(f"{{{SAML}}}Assertion")
    assert assertion is not None
    signature = xmlsec.template.create(
        assertion, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.HMAC_SHA256, ns="ds"
    )
    assertion.insert(1, signature)
    reference = xmlsec.template.add_reference(
        signature, xmlsec.Transform.SHA256, uri=f"#{assertion.get('ID')}"
    )
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_binary_data(xmlsec.KeyData.HMAC, certificate_pem)
    xmlsec.tree.add_ids(response, ["ID"])
    context.sign(signature)


def make_curve_key(curve: ec.EllipticCurve) -> SigningKey:
    key = ec.generate_private_key(curve)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "curve")])
    start = datetime.now(tz=UTC) - timedelta(days=1)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return SigningKey(private, certificate.public_bytes(serialization.Encoding.PEM))


def signed_info_of(response: etree._Element) -> etree._Element:
    found = response.find(f".//{{{DS}}}SignedInfo")
    assert found is not None
    return found
