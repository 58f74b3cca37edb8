"""Metadata as it arrives: at an address of the identity provider, or as an uploaded file."""

from typing import Protocol

from portal.outbound.client import Answer
from portal.outbound.client import fetch as fetch_anywhere
from portal.sso.saml.idp_metadata import (
    MAX_METADATA,
    IdentityProvider,
    MetadataWrong,
    read_metadata,
)

# An admin waits for it in the browser; the background refresh may be as patient.
FETCH_SECONDS = 6.0
_OK = 200
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Fetch(Protocol):
    """The outbound client, as far as metadata needs it."""

    def __call__(self, url: str, *, limit_bytes: int, timeout: float) -> Answer: ...


def fetch_metadata(url: str, *, fetch: Fetch = fetch_anywhere) -> IdentityProvider:
    """Read the metadata at a public https address.

    Raises MetadataWrong for what was found there, AddressRefused and FetchFailed otherwise.
    """
    answer = fetch(url, limit_bytes=MAX_METADATA, timeout=FETCH_SECONDS)
    if answer.status in _REDIRECTS:
        where = next((v for k, v in answer.headers.items() if k.lower() == "location"), "")
        raise MetadataWrong(f"This address only points on to another one: {where[:200]}. Use that.")
    if answer.status != _OK:
        raise MetadataWrong(f"The identity provider answered with HTTP {answer.status}.")
    return read_document(answer.body)


def read_document(document: bytes) -> IdentityProvider:
    """Read metadata from bytes. Raises MetadataWrong."""
    try:
        # Entra ID begins its file with a byte order mark.
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MetadataWrong("The metadata must be XML in UTF-8.") from error
    if text.lstrip()[:15].lower().startswith(("<!doctype html", "<html")):
        raise MetadataWrong("That is a web page, not SAML metadata. Look for the XML's address.")
    return read_metadata(text)
