"""Encrypts assertions for our certificate as identity providers do, and as attackers would."""

import base64
import os
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from lxml import etree

from portal.sso.models import ConnectionKey
from portal.sso.saml.names import DS, SAML, XENC
from tests.portal.sso.conftest import Idp

GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
CBC = f"{XENC}aes256-cbc"
OAEP = f"{XENC}rsa-oaep-mgf1p"
OAEP_11 = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
RSA_15 = f"{XENC}rsa-1_5"
MGF_SHA256 = "http://www.w3.org/2009/xmlenc11#mgf1sha256"


@dataclass(frozen=True)
class Recipe:
    """How to encrypt; the defaults are what modern identity providers do."""

    data: str = GCM
    key: str = OAEP
    digest: str = ""
    mask: str = ""
    beside: bool = False
    key_info: str = ""
    kind: str = f' Type="{XENC}Element"'


def our_certificate(idp: Idp) -> str:
    return ConnectionKey.objects.filter(connection=idp.connection).current().get().certificate


def assertion_in(response: etree._Element) -> etree._Element:
    found = response.find(f"{{{SAML}}}Assertion")
    assert found is not None
    return found


def encrypt(response: etree._Element, certificate: str, recipe: Recipe | None = None) -> str:
    """The response with its assertion encrypted."""
    plain = etree.tostring(assertion_in(response), with_tail=False)
    return with_ciphertext(response, certificate, plain, recipe or Recipe())


def with_ciphertext(
    response: etree._Element, certificate: str, plain: bytes, recipe: Recipe
) -> str:
    """Any bytes in place of the assertion."""
    whole = etree.fromstring(etree.tostring(response))
    whole.replace(assertion_in(whole), _sealed(plain, certificate, recipe))
    return base64.b64encode(etree.tostring(whole)).decode()


def encrypt_element(element: etree._Element, certificate: str, recipe: Recipe) -> etree._Element:
    """An EncryptedAssertion to stand in its place."""
    return _sealed(etree.tostring(element, with_tail=False), certificate, recipe)


def _sealed(plain: bytes, certificate: str, recipe: Recipe) -> etree._Element:
    secret = os.urandom(32)
    data = _by_gcm(secret, plain) if recipe.data.endswith("-gcm") else _by_cbc(secret, plain)
    return etree.fromstring(_xml(recipe, data, _wrapped(secret, certificate, recipe)))


def _xml(recipe: Recipe, data: bytes, wrapped: bytes) -> str:
    parameters = (
        f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{recipe.digest}"/>' if recipe.digest else ""
    )
    if recipe.mask:
        parameters += (
            f'<e:MGF xmlns:e="http://www.w3.org/2009/xmlenc11#" Algorithm="{recipe.mask}"/>'
        )
    key = (
        f'<xenc:EncryptedKey Id="_key"><xenc:EncryptionMethod Algorithm="{recipe.key}">'
        f"{parameters}</xenc:EncryptionMethod>{recipe.key_info}"
        f"<xenc:CipherData><xenc:CipherValue>{_coded(wrapped)}</xenc:CipherValue>"
        "</xenc:CipherData></xenc:EncryptedKey>"
    )
    inner = key
    if recipe.beside:
        inner = f'<ds:RetrievalMethod Type="{XENC}EncryptedKey" URI="#_key"/>'
    return (
        f'<saml:EncryptedAssertion xmlns:saml="{SAML}" xmlns:xenc="{XENC}" xmlns:ds="{DS}">'
        f'<xenc:EncryptedData{recipe.kind}><xenc:EncryptionMethod Algorithm="{recipe.data}"/>'
        f"<ds:KeyInfo>{inner}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{_coded(data)}"
        "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>"
        f"{key if recipe.beside else ''}</saml:EncryptedAssertion>"
    )


def _wrapped(secret: bytes, certificate: str, recipe: Recipe) -> bytes:
    public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    if recipe.key == RSA_15:
        return public.encrypt(secret, padding.PKCS1v15())
    digest = hashes.SHA256() if "sha256" in recipe.digest else hashes.SHA1()  # noqa: S303
    mask = hashes.SHA256() if "sha256" in recipe.mask else hashes.SHA1()  # noqa: S303
    return public.encrypt(secret, padding.OAEP(padding.MGF1(mask), digest, None))


def _by_gcm(secret: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(secret).encrypt(nonce, plain, None)


def _by_cbc(secret: bytes, plain: bytes) -> bytes:
    start = os.urandom(16)
    fill = 16 - len(plain) % 16
    padded = plain + bytes(fill - 1) + bytes([fill])
    cipher = Cipher(algorithms.AES(secret), modes.CBC(start)).encryptor()
    return start + cipher.update(padded) + cipher.finalize()


def _coded(value: bytes) -> str:
    return base64.b64encode(value).decode()
