"""The one permitted shape of an XML signature in a SAML response."""

from lxml import etree

from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.names import (
    DIGEST_ALGORITHMS,
    DS,
    ENVELOPED,
    EXC_C14N,
    SIGNATURE_ALGORITHMS,
)

# Key material is read by nobody (the connection's certificate decides), so only plain forms pass.
_KEY_INFO = frozenset(
    f"{{{DS}}}{name}"
    for name in (
        "KeyInfo",
        "KeyName",
        "KeyValue",
        "RSAKeyValue",
        "Modulus",
        "Exponent",
        "X509Data",
        "X509Certificate",
        "X509IssuerSerial",
        "X509IssuerName",
        "X509SerialNumber",
        "X509SubjectName",
        "X509SKI",
    )
)


def check_signature(
    signature: etree._Element, *, allowed_parents: tuple[etree._Element, ...]
) -> None:
    """One reference to the parent, enveloped and exclusively canonical, SHA-256 or better."""
    parent = signature.getparent()
    if signature.tag != f"{{{DS}}}Signature" or not any(parent is one for one in allowed_parents):
        raise _wrong("a signature in an unexpected place")
    info, *rest = _children(signature, "SignedInfo", "SignatureValue", optional="KeyInfo")
    method, algorithm, reference = _children(
        info, "CanonicalizationMethod", "SignatureMethod", "Reference"
    )
    _check_algorithm(method, frozenset({EXC_C14N}), Reason.WRONG_SIGNATURE_SHAPE)
    _check_algorithm(algorithm, SIGNATURE_ALGORITHMS, Reason.WEAK_ALGORITHM)
    _check_reference(reference, parent_id=str(parent.get("ID", "")) if parent is not None else "")
    for part in rest[1:]:
        check_key_info(part)


def _check_reference(reference: etree._Element, *, parent_id: str) -> None:
    if not parent_id or reference.get("URI") != f"#{parent_id}":
        raise _wrong("a reference to something else")
    transforms, digest, _value = _children(reference, "Transforms", "DigestMethod", "DigestValue")
    _check_algorithm(digest, DIGEST_ALGORITHMS, Reason.WEAK_ALGORITHM)
    steps = [str(step.get("Algorithm", "")) for step in transforms]
    if steps != [ENVELOPED, EXC_C14N]:
        raise _wrong("transforms " + " ".join(steps[:4]))
    enveloped, canonical = transforms
    prefixes = [child.tag for child in canonical]
    if len(enveloped) or prefixes not in ([], [f"{{{EXC_C14N}}}InclusiveNamespaces"]):
        raise _wrong("parameters of a transform")


def _check_algorithm(element: etree._Element, allowed: frozenset[str], reason: Reason) -> None:
    algorithm = str(element.get("Algorithm", ""))
    plain = all(child.tag == f"{{{EXC_C14N}}}InclusiveNamespaces" for child in element)
    if algorithm not in allowed or not plain:
        raise SignInRefused(reason, received=algorithm)


def check_key_info(key_info: etree._Element) -> None:
    """Plain forms of naming a key only. Raises SignInRefused."""
    for element in key_info.iter():
        if element.tag not in _KEY_INFO:
            raise _wrong(f"{etree.QName(element).localname} in KeyInfo")


def _children(element: etree._Element, *names: str, optional: str = "") -> list[etree._Element]:
    tags = [child.tag for child in element]
    expected = [f"{{{DS}}}{name}" for name in names]
    if tags not in (expected, [*expected, f"{{{DS}}}{optional}"] if optional else expected):
        raise _wrong(f"children of {etree.QName(element).localname}")
    return list(element)


def _wrong(received: str) -> SignInRefused:
    return SignInRefused(Reason.WRONG_SIGNATURE_SHAPE, received=received)
