"""Reading an identity provider's metadata that an admin pasted; nothing is fetched."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from portal.sso.saml.certificates import CertificateWrong, read_certificate
from portal.sso.saml.names import DS, METADATA, REDIRECT_BINDING

MAX_METADATA = 256 * 1024
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_NAMES = {"md": METADATA, "ds": DS}


class MetadataWrong(ValueError):
    """The text does not describe one SAML identity provider."""


@dataclass(frozen=True)
class IdentityProvider:
    """What a connection needs to know of the other side."""

    entity_id: str
    sso_url: str
    certificates: tuple[str, ...]


def read_metadata(text: str) -> IdentityProvider:
    """Raises MetadataWrong, saying what is missing."""
    entity = _entity(text)
    descriptor = entity.find("md:IDPSSODescriptor", _NAMES)
    if descriptor is None:
        raise MetadataWrong("The metadata describes no identity provider.")
    return IdentityProvider(
        entity_id=str(entity.get("entityID", "")).strip(),
        sso_url=_sso_url(descriptor),
        certificates=_certificates(descriptor),
    )


def _entity(text: str) -> etree._Element:
    document = text.strip().encode("utf-8")
    if len(document) > MAX_METADATA:
        raise MetadataWrong("The metadata is larger than 256 KB.")
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise MetadataWrong("Metadata must not contain a document type.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        entity = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MetadataWrong("That is not well-formed XML.") from error
    if entity.tag != f"{{{METADATA}}}EntityDescriptor" or not entity.get("entityID"):
        raise MetadataWrong("Paste the metadata of one entity (EntityDescriptor).")
    return entity


def _sso_url(descriptor: etree._Element) -> str:
    for service in descriptor.findall("md:SingleSignOnService", _NAMES):
        location = str(service.get("Location", ""))
        if service.get("Binding") == REDIRECT_BINDING and names_a_host(location):
            return location
    raise MetadataWrong("The identity provider offers no sign-in by HTTP-Redirect.")


def names_a_host(location: str) -> bool:
    """A plain host name: it is written into a header of our own pages."""
    try:
        parts = urlsplit(location)
        port = parts.port
    except ValueError:
        return False
    return bool(_HOST.fullmatch(parts.hostname or "")) and "@" not in parts.netloc and port != 0


def _certificates(descriptor: etree._Element) -> tuple[str, ...]:
    texts = [
        node.text or ""
        for key in descriptor.findall("md:KeyDescriptor", _NAMES)
        if key.get("use") != "encryption"
        for node in key.findall(".//ds:X509Certificate", _NAMES)
    ]
    try:
        found = dict.fromkeys(read_certificate(text).pem for text in texts[:2])
    except CertificateWrong as error:
        raise MetadataWrong(str(error)) from error
    if not found:
        raise MetadataWrong("The metadata holds no signing certificate.")
    return tuple(found)
