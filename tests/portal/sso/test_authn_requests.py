"""What we send to the identity provider: signed, by the binding it offers, at its address only."""

import base64
import re
import zlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.utils import timezone
from lxml import etree
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from portal.sso.actions import prepare_key, promote_key
from portal.sso.models import Connection, ConnectionKey
from portal.sso.saml.names import DS
from tenants.access import system_actor
from tests.portal.sso.conftest import Browser, Idp

pytestmark = pytest.mark.django_db


def pressed(browser: Browser, idp: Idp) -> Any:
    return browser.post(f"/sso/{idp.connection.pk}/start/")


def current_key(idp: Idp) -> ConnectionKey:
    return ConnectionKey.objects.filter(connection=idp.connection).current().get()


def by_post(idp: Idp) -> None:
    Connection.objects.update(idp_binding=Connection.Binding.POST)


def verified_query(location: str, certificate: str) -> dict[str, list[str]]:
    """As an identity provider does it: over the query as it came."""
    query = urlsplit(location).query
    signed, _, _ = query.partition("&Signature=")
    fields = parse_qs(query)
    public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    signature = base64.b64decode(fields["Signature"][0])
    public.verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return fields


def test_redirect_is_signed_with_the_key_in_use(browser: Browser, acme_idp: Idp) -> None:
    location = pressed(browser, acme_idp)["Location"]

    fields = verified_query(location, current_key(acme_idp).certificate)

    assert list(fields) == ["SAMLRequest", "SigAlg", "Signature"]
    assert fields["SigAlg"] == ["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
    document = zlib.decompress(base64.b64decode(fields["SAMLRequest"][0]), -15)
    request = etree.fromstring(document)
    valid = OneLogin_Saml2_XML.validate_xml(request, "saml-schema-protocol-2.0.xsd")
    assert valid != "invalid_xml"


def test_next_key_signs_once_it_is_put_to_use(browser: Browser, acme_idp: Idp) -> None:
    actor, at = system_actor(acme_idp.connection.organization), timezone.now()
    former = current_key(acme_idp)
    following = prepare_key(acme_idp.connection, actor=actor, at=at)
    verified_query(pressed(browser, acme_idp)["Location"], former.certificate)

    promote_key(following, actor=actor, at=at)

    verified_query(pressed(browser, acme_idp)["Location"], following.certificate)


def test_signature_may_be_switched_off(browser: Browser, acme_idp: Idp) -> None:
    Connection.objects.update(signs_requests=False)

    location = pressed(browser, acme_idp)["Location"]

    assert list(parse_qs(urlsplit(location).query)) == ["SAMLRequest"]


def test_address_with_a_query_keeps_it(browser: Browser, acme_idp: Idp) -> None:
    Connection.objects.update(idp_sso_url="https://idp.acme.test/sso?idpid=C01")

    location = pressed(browser, acme_idp)["Location"]

    assert location.startswith("https://idp.acme.test/sso?idpid=C01&SAMLRequest=")


def test_provider_without_redirect_gets_a_signed_form(browser: Browser, acme_idp: Idp) -> None:
    by_post(acme_idp)

    response = pressed(browser, acme_idp)

    assert response.status_code == 200
    html = response.content.decode()
    assert 'action="https://idp.acme.test/sso"' in html
    assert "form-action 'self' https://idp.acme.test;" in response["Content-Security-Policy"] + ";"
    encoded = re.search(r'name="SAMLRequest" value="([^"]+)"', html)
    assert encoded
    request = etree.fromstring(base64.b64decode(encoded[1]))
    assert OneLogin_Saml2_XML.validate_xml(request, "saml-schema-protocol-2.0.xsd") is request
    signature = request.find(f"{{{DS}}}Signature")
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(
        current_key(acme_idp).certificate.encode(), xmlsec.KeyFormat.CERT_PEM
    )
    xmlsec.tree.add_ids(request, ["ID"])
    context.verify(signature)


def test_sign_in_works_by_post_too(browser: Browser, acme_idp: Idp) -> None:
    by_post(acme_idp)
    html = pressed(browser, acme_idp).content.decode()
    encoded = re.search(r'name="SAMLRequest" value="([^"]+)"', html)
    assert encoded
    asked = etree.fromstring(base64.b64decode(encoded[1]))

    response = browser.bring(acme_idp, acme_idp.response(str(asked.get("ID"))))

    assert response.status_code == 302
    assert browser.is_signed_in
