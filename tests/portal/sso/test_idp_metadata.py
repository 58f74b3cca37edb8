"""Metadata as identity providers really publish it, and as people really get it wrong."""

from pathlib import Path

import pytest

from portal.sso.saml.certificates import read_certificate
from portal.sso.saml.idp_metadata import MAX_METADATA, MetadataWrong, read_metadata

FOLDER = Path(__file__).parents[2] / "data" / "saml-metadata"
# File -> entity ID, sign-in address, number of certificates kept.
PUBLISHED = {
    "okta": (
        "http://www.okta.example/exk1fcia6d6EMsf331d8",
        "https://dev-1234567.okta.example/app/dev-1234567_gatehouse_1/exk1fcia6d6EMsf331d8/sso/saml",
        1,
    ),
    "entra-id": (
        "https://sts.entra.example/8f2b6c1e-0d2f-4d7a-9a55-3c1f5d6e7a80/",
        "https://login.entra.example/8f2b6c1e-0d2f-4d7a-9a55-3c1f5d6e7a80/saml2",
        2,
    ),
    "google-workspace": (
        "https://accounts.google.example/o/saml2?idpid=C01abc23d",
        "https://accounts.google.example/o/saml2/idp?idpid=C01abc23d",
        1,
    ),
    "keycloak": (
        "https://keycloak.example:8443/realms/workforce",
        "https://keycloak.example:8443/realms/workforce/protocol/saml",
        1,
    ),
    "ad-fs": (
        "http://adfs.acme.example/adfs/services/trust",
        "https://adfs.acme.example/adfs/ls/",
        2,
    ),
    "shibboleth": (
        "https://idp.uni.example/idp/shibboleth",
        "https://idp.uni.example/idp/profile/SAML2/Redirect/SSO",
        2,
    ),
    "simplesamlphp": (
        "https://sso.acme.example/saml2/idp/metadata.php",
        "https://sso.acme.example/saml2/idp/SSOService.php",
        1,
    ),
    "onelogin": (
        "https://app.onelogin.example/saml/metadata/12ab34cd-5e6f-7081-92a3-b4c5d6e7f809",
        "https://acme.onelogin.example/trust/saml2/http-redirect/sso/12ab34cd",
        1,
    ),
    "ping-federate": ("acme:ping:prod", "https://sso.acme.example:9031/idp/SSO.saml2", 1),
    "jumpcloud": ("JumpCloud-Gatehouse", "https://sso.jumpcloud.example/saml2/gatehouse", 1),
    "auth0": ("urn:acme.eu.auth0.example", "https://acme.eu.auth0.example/samlp/3xAmpl3", 1),
    "federation-of-one": ("https://idp.north.example/idp", "https://idp.north.example/sso", 1),
}


def document(name: str) -> str:
    return (FOLDER / f"{name}.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PUBLISHED)
def test_reads_what_is_published(name: str) -> None:
    found = read_metadata(document(name))

    entity_id, sso_url, certificates = PUBLISHED[name]
    assert (found.entity_id, found.sso_url) == (entity_id, sso_url)
    assert found.binding == "redirect"
    assert len(found.certificates) == certificates
    assert all(read_certificate(pem).pem == pem for pem in found.certificates)


UNUSABLE = {"federation-of-two", "weak-certificate"}


@pytest.mark.parametrize("name", sorted({p.stem for p in FOLDER.glob("*.xml")} - UNUSABLE))
def test_every_other_document_reads_too(name: str) -> None:
    assert read_metadata(document(name)).certificates


def test_encryption_certificates_and_issuers_are_not_trusted_to_sign() -> None:
    shibboleth = read_metadata(document("shibboleth"))
    leaf = read_metadata(document("with-its-issuer"))

    assert document("shibboleth").count("<KeyDescriptor") == 4
    assert len(shibboleth.certificates) == 2
    assert len(leaf.certificates) == 1


def test_of_many_certificates_the_longest_valid_are_kept() -> None:
    found = read_metadata(document("many-certificates"))

    years = [read_certificate(pem).expires_at.year for pem in found.certificates]
    assert years == [2031, 2033]
    assert found.notes == (
        "The metadata holds 4 signing certificates. The 2 that are valid the longest were taken.",
        (
            "A certificate of the metadata was left out. The certificate's key must be RSA of "
            "2048 bits or more, or ECDSA."
        ),
    )


def test_expired_certificate_is_read_so_that_it_can_be_shown() -> None:
    found = read_metadata(document("expired-certificate"))

    assert read_certificate(found.certificates[0]).expires_at.year == 2022


def test_provider_without_redirect_is_reached_by_post() -> None:
    found = read_metadata(document("post-only"))

    assert (found.binding, found.sso_url) == ("post", "https://post.example/sso")


def test_of_several_the_named_one_is_read() -> None:
    two = document("federation-of-two")

    with pytest.raises(MetadataWrong, match="describes 2 identity providers"):
        read_metadata(two)
    with pytest.raises(MetadataWrong, match=r"not https://idp\.west\.example/idp"):
        read_metadata(two, entity_id="https://idp.west.example/idp")
    found = read_metadata(two, entity_id="https://idp.south.example/idp")
    assert found.sso_url == "https://idp.south.example/sso"


def test_declared_encoding_of_decoded_text_is_over() -> None:
    text = document("onelogin").replace('version="1.0"', 'version="1.0" encoding="ISO-8859-1"')

    assert read_metadata(text).entity_id == PUBLISHED["onelogin"][0]


OKTA = document("okta")
BROKEN = {
    "empty": ("", "well-formed"),
    "words": ("hello", "well-formed"),
    "cut off": (OKTA[:-40], "well-formed"),
    "control character": (OKTA.replace("okta", "ok\x00ta"), "well-formed"),
    "another document": ("<rss/>", "no SAML metadata"),
    "a web page": ("<html><body/></html>", "no SAML metadata"),
    "document type": ('<!DOCTYPE a [<!ENTITY b "c">]>' + OKTA, "document type"),
    "too large": (OKTA + " " * 9 + "<!--" + "x" * MAX_METADATA + "-->", "256 KB"),
    "ours": (OKTA.replace("IDPSSODescriptor", "SPSSODescriptor"), "service provider"),
    "no role": (OKTA.replace("IDPSSODescriptor", "PDPDescriptor"), "no identity provider"),
    "SAML 1.1": (
        OKTA.replace(
            "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:1.1:protocol"
        ),
        "does not speak SAML 2.0",
    ),
    "no name": (OKTA.replace("entityID", "id"), "no entity ID"),
    "no address": (OKTA.replace("SingleSignOnService", "SingleLogoutService"), "no sign-in"),
    "address without a host": (OKTA.replace("https://dev-1234567.okta.example", ""), "no host"),
    "address with a trick": (OKTA.replace("https://dev-", "https://a;script-src *@b/"), "no host"),
    "no certificate": (OKTA.replace("X509Certificate", "X509SKI"), "no signing certificate"),
    "only for encryption": (OKTA.replace('"signing"', '"encryption"'), "no signing certificate"),
    "no certificate at all in it": (OKTA.replace("MII", "???"), "not an X.509 certificate"),
    "weak key": (document("weak-certificate"), "2048 bits"),
}


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.replace(" ", "-"))
def test_says_what_is_wrong(case: str) -> None:
    text, said = BROKEN[case]

    with pytest.raises(MetadataWrong, match=said):
        read_metadata(text)
