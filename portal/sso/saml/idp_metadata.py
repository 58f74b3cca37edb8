"""Reading what an identity provider publishes about itself; nothing is fetched here."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from portal.sso.saml.certificates import Certificate, CertificateWrong, read_certificate
from portal.sso.saml.names import DS, METADATA, POST_BINDING, REDIRECT_BINDING, SAMLP

MAX_METADATA = 256 * 1024
# One certificate in use, one for the day it is replaced.
SLOTS = 2
_NAMED = 3
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_DECLARATION = re.compile(r"<\?xml [^>]*\?>")
_NAMES = {"md": METADATA, "ds": DS}
_BINDINGS = {REDIRECT_BINDING: "redirect", POST_BINDING: "post"}


class MetadataWrong(ValueError):
    """The text does not describe one SAML identity provider."""


@dataclass(frozen=True)
class IdentityProvider:
    """What a connection needs to know of the other side."""

    entity_id: str
    sso_url: str
    certificates: tuple[str, ...]
    # How a request is sent to `sso_url`: a value of `Connection.Binding`.
    binding: str = "redirect"
    # What was left out, in sentences for the admin.
    notes: tuple[str, ...] = ()


def read_metadata(text: str, *, entity_id: str = "") -> IdentityProvider:
    """The identity provider in `text`; of several, the one called `entity_id`.

    Raises MetadataWrong, saying what is missing.
    """
    descriptor = _only(_descriptors(_root(text)), entity_id)
    sso_url, binding = _sign_in(descriptor)
    certificates, notes = _certificates(descriptor)
    return IdentityProvider(
        entity_id=_entity_id(descriptor),
        sso_url=sso_url,
        certificates=tuple(certificate.pem for certificate in certificates),
        binding=binding,
        notes=notes,
    )


def names_a_host(location: str) -> bool:
    """A plain host name: it is written into a header of our own pages."""
    try:
        parts = urlsplit(location)
        port = parts.port
    except ValueError:
        return False
    return bool(_HOST.fullmatch(parts.hostname or "")) and "@" not in parts.netloc and port != 0


def _root(text: str) -> etree._Element:
    # The text is decoded already; what its first line says of an encoding is over.
    body = _DECLARATION.sub("", text.strip("\ufeff \t\r\n"), count=1).strip()
    document = body.encode("utf-8", "replace")
    if len(document) > MAX_METADATA:
        raise MetadataWrong("The metadata is larger than 256 KB.")
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        raise MetadataWrong("Metadata must not contain a document type.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise MetadataWrong("That is not well-formed XML.") from error


def _descriptors(root: etree._Element) -> list[etree._Element]:
    """Every SAML 2.0 identity provider in the document."""
    if root.tag not in (f"{{{METADATA}}}EntityDescriptor", f"{{{METADATA}}}EntitiesDescriptor"):
        raise MetadataWrong(
            "That is XML, but no SAML metadata: it begins with "
            f"{etree.QName(root).localname[:60]}, not with EntityDescriptor."
        )
    roles = list(root.iter(f"{{{METADATA}}}IDPSSODescriptor"))
    found = [role for role in roles if _speaks_saml_2(role)]
    if any(_entity_id(role) for role in found):
        return [role for role in found if _entity_id(role)]
    if found:
        raise MetadataWrong("The metadata gives the identity provider no entity ID.")
    if roles:
        raise MetadataWrong("The identity provider in this metadata does not speak SAML 2.0.")
    if next(root.iter(f"{{{METADATA}}}SPSSODescriptor"), None) is not None:
        raise MetadataWrong(
            "That is the metadata of a service provider, perhaps ours. Give the identity "
            "provider's own."
        )
    raise MetadataWrong("The metadata describes no identity provider.")


def _speaks_saml_2(role: etree._Element) -> bool:
    return SAMLP in str(role.get("protocolSupportEnumeration", "")).split()


def _entity_id(role: etree._Element) -> str:
    entity = role.getparent()
    return str(entity.get("entityID", "")).strip() if entity is not None else ""


def _only(descriptors: list[etree._Element], wanted: str) -> etree._Element:
    by_name = {_entity_id(role): role for role in reversed(descriptors)}
    if wanted in by_name:
        return by_name[wanted]
    if len(by_name) == 1 and not wanted:
        return next(iter(by_name.values()))
    names = ", ".join(sorted(by_name)[:_NAMED]) + (", …" if len(by_name) > _NAMED else "")
    if wanted:
        raise MetadataWrong(f"The metadata describes {names}, not {wanted}.")
    raise MetadataWrong(
        f"The metadata describes {len(by_name)} identity providers ({names}). Give the metadata "
        "of one."
    )


def _sign_in(role: etree._Element) -> tuple[str, str]:
    """Address and binding, HTTP-Redirect before HTTP-POST."""
    offered = [
        (str(service.get("Binding", "")), str(service.get("Location", "")).strip())
        for service in role.findall("md:SingleSignOnService", _NAMES)
    ]
    for binding, name in _BINDINGS.items():
        for offered_binding, location in offered:
            if offered_binding == binding and names_a_host(location):
                return location, name
    if any(binding in _BINDINGS for binding, _location in offered):
        raise MetadataWrong("The identity provider's sign-in address names no host.")
    raise MetadataWrong("The identity provider offers no sign-in by HTTP-Redirect or HTTP-POST.")


def _certificates(role: etree._Element) -> tuple[list[Certificate], tuple[str, ...]]:
    """The signing certificates to keep, and what to say about the others."""
    readable: dict[str, Certificate] = {}
    unusable: list[str] = []
    for text in _signing_texts(role):
        try:
            certificate = read_certificate(text)
        except CertificateWrong as error:
            unusable.append(str(error))
        else:
            readable.setdefault(certificate.pem, certificate)
    if not readable:
        raise MetadataWrong(
            unusable[0] if unusable else "The metadata holds no signing certificate."
        )
    kept = _latest(list(readable.values()))
    return kept, (*_notes_of_surplus(len(readable)), *_notes_of_unusable(unusable))


def _signing_texts(role: etree._Element) -> list[str]:
    """The first certificate of each key: those behind it are issuers, and sign no assertion."""
    return [
        data.findtext("ds:X509Certificate", "", _NAMES)
        for key in role.findall("md:KeyDescriptor", _NAMES)
        if key.get("use") != "encryption"
        for data in key.findall("ds:KeyInfo/ds:X509Data", _NAMES)
        if data.find("ds:X509Certificate", _NAMES) is not None
    ]


def _latest(certificates: list[Certificate]) -> list[Certificate]:
    """Those that are valid the longest, in the order of the document."""
    by_end = sorted(certificates, key=lambda one: one.expires_at, reverse=True)
    kept = by_end[:SLOTS]
    return [certificate for certificate in certificates if certificate in kept]


def _notes_of_surplus(number: int) -> tuple[str, ...]:
    if number <= SLOTS:
        return ()
    return (
        (
            f"The metadata holds {number} signing certificates. The {SLOTS} that are valid the "
            "longest were taken."
        ),
    )


def _notes_of_unusable(unusable: list[str]) -> tuple[str, ...]:
    if not unusable:
        return ()
    return (f"A certificate of the metadata was left out. {unusable[0]}",)
