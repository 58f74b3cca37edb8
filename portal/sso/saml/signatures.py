"""Which of a connection's certificates a response is signed with; it judges nothing."""

from collections.abc import Sequence

import xmlsec
from lxml import etree
from xmlsec import constants

from portal.sso.saml.names import DS


def signature_in(part: etree._Element) -> etree._Element | None:
    return part.find(f"{{{DS}}}Signature")


def matching_slot(part: etree._Element, certificates: Sequence[str]) -> int | None:
    """The slot whose key made the signature of `part`, an element that the guard let through."""
    signature = signature_in(part)
    if signature is None:
        return None
    xmlsec.tree.add_ids(part, ["ID"])
    for slot, certificate in enumerate(certificates):
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(certificate.encode(), constants.KeyDataFormatCertPem)
        context.set_enabled_key_data([constants.KeyDataX509])
        try:
            context.verify(signature)
        except xmlsec.Error:
            continue
        return slot
    return None


def sent_certificate(part: etree._Element) -> str:
    """The certificate that came along, as Base64; it is shown, never trusted."""
    found = part.find(f"{{{DS}}}Signature/{{{DS}}}KeyInfo//{{{DS}}}X509Certificate")
    return "".join((found.text or "").split()) if found is not None else ""


def algorithm_of(part: etree._Element) -> str:
    method = part.find(f"{{{DS}}}Signature/{{{DS}}}SignedInfo/{{{DS}}}SignatureMethod")
    return str(method.get("Algorithm", "")).rpartition("#")[2] if method is not None else ""
