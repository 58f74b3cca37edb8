"""The one permitted shape of an encrypted assertion, read into values before any key is touched."""

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass

from lxml import etree

from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.names import (
    DATA_ALGORITHMS,
    DS,
    KEY_ALGORITHMS,
    MASKS,
    OAEP_DIGESTS,
    SHA1,
    XENC,
    XENC11,
)
from portal.sso.saml.signature_shape import check_key_info

ELEMENT_TYPE = f"{XENC}Element"


@dataclass(frozen=True)
class Encrypted:
    """Ciphertext, the key it was made with, encrypted in turn, and how both were encrypted."""

    algorithm: str
    data: bytes
    digest: str
    mask: str
    key: bytes


def read_encrypted(sealed: etree._Element) -> Encrypted:
    """One datum under one key for us, by accepted algorithms. Raises SignInRefused."""
    data = sealed.find(f"{{{XENC}}}EncryptedData")
    if data is None or data.get("Type", ELEMENT_TYPE) != ELEMENT_TYPE:
        raise _wrong("no encrypted element")
    key = _only_key(sealed, data)
    method, *middle, cipher = _parts(data, "EncryptionMethod", "KeyInfo?", "CipherData")
    _check_data_key_info(middle)
    digest, mask, wrapped = _read_key(key)
    return Encrypted(
        algorithm=_algorithm(method, DATA_ALGORITHMS),
        data=_cipher_value(cipher),
        digest=digest,
        mask=mask,
        key=wrapped,
    )


def _only_key(sealed: etree._Element, data: etree._Element) -> etree._Element:
    """In the datum's KeyInfo, or beside the datum."""
    keys = list(sealed.iter(f"{{{XENC}}}EncryptedKey"))
    if len(keys) != 1:
        raise SignInRefused(
            Reason.WRONG_STRUCTURE, expected="one encrypted key", received=str(len(keys))
        )
    beside = [child for child in sealed if child is not data]
    if beside not in ([], keys):
        raise _wrong("other elements beside the encrypted data")
    return keys[0]


def _check_data_key_info(middle: list[etree._Element]) -> None:
    permitted = {f"{{{XENC}}}EncryptedKey", f"{{{DS}}}RetrievalMethod"}
    for child in (child for info in middle for child in info):
        if child.tag not in permitted or (child.tag.endswith("RetrievalMethod") and len(child)):
            raise _wrong(f"{etree.QName(child).localname} in KeyInfo")


def _read_key(key: etree._Element) -> tuple[str, str, bytes]:
    parts = _parts(
        key, "EncryptionMethod", "KeyInfo?", "CipherData", "ReferenceList?", "CarriedKeyName?"
    )
    method = parts[0]
    algorithm = _algorithm(method, KEY_ALGORITHMS)
    for info in (part for part in parts if part.tag == f"{{{DS}}}KeyInfo"):
        check_key_info(info)
    digest, mask = SHA1, MASKS[0]
    for child in method:
        if child.tag == f"{{{DS}}}DigestMethod":
            digest = str(child.get("Algorithm", ""))
        elif child.tag == f"{{{XENC11}}}MGF" and algorithm.startswith(XENC11):
            mask = str(child.get("Algorithm", ""))
        else:
            raise _wrong(f"{etree.QName(child).localname} of a key")
    if digest not in OAEP_DIGESTS or mask not in MASKS:
        raise SignInRefused(Reason.WEAK_ENCRYPTION, received=f"{digest} {mask}")
    cipher = key.find(f"{{{XENC}}}CipherData")
    return digest, mask, _cipher_value(cipher)


def _algorithm(method: etree._Element, accepted: Collection[str]) -> str:
    algorithm = str(method.get("Algorithm", ""))
    if algorithm not in accepted:
        raise SignInRefused(
            Reason.WEAK_ENCRYPTION, expected="AES-GCM under RSA-OAEP", received=algorithm
        )
    return algorithm


def _cipher_value(cipher: etree._Element | None) -> bytes:
    values = [] if cipher is None else list(cipher)
    if len(values) != 1 or values[0].tag != f"{{{XENC}}}CipherValue" or len(values[0]):
        raise _wrong("no cipher value")
    try:
        return base64.b64decode("".join((values[0].text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SignInRefused(Reason.NOT_BASE64, received="a cipher value") from error


def _parts(element: etree._Element, *order: str) -> list[etree._Element]:
    """Children of these names, in this order; a question mark makes one optional."""
    tags = [child.tag for child in element]
    names = {name.rstrip("?"): _tag(name.rstrip("?")) for name in order}
    expected = [tag for tag in names.values() if tag in tags]
    missing = any(_tag(name) not in tags for name in order if not name.endswith("?"))
    if tags != expected or missing:
        raise _wrong(f"children of {etree.QName(element).localname}")
    return list(element)


def _tag(name: str) -> str:
    return f"{{{DS if name == 'KeyInfo' else XENC}}}{name}"


def _wrong(received: str) -> SignInRefused:
    return SignInRefused(
        Reason.WRONG_STRUCTURE, expected="an encrypted assertion", received=received
    )
