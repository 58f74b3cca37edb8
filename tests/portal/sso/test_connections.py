"""The SSO page: who sees it, who changes it, and what a pasted metadata file may hold."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from portal.sso.actions import create_connection, pass_test
from portal.sso.configuration import configuration_digest
from portal.sso.models import Connection
from portal.sso.saml.idp_metadata import MetadataWrong, read_metadata
from tenants.access import Actor
from tenants.models import Membership
from tests.portal.sso.conftest import Browser, Idp, key_of

pytestmark = pytest.mark.django_db


def metadata(**changes: str) -> str:
    certificate = "".join(key_of("acme").certificate_pem.decode().split("\n")[1:-2])
    values = {
        "entity": "https://idp.acme.test/metadata",
        "sso": "https://idp.acme.test/sso",
        "certificate": certificate,
        **changes,
    }
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity}">'
        "<md:IDPSSODescriptor"
        ' protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        '<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>'
        "{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
        ' Location="{sso}"/></md:IDPSSODescriptor></md:EntityDescriptor>'
    ).format(**values)


@pytest.fixture
def draft(actor_of: Callable[..., Actor], max_: Membership) -> Connection:
    return create_connection(actor=actor_of(max_), at=timezone.now(), name="Okta")


def test_page_shows_both_sides_and_the_latest_attempts(
    client_of: Callable[..., Client], max_: Membership, acme_idp: Idp, browser: Browser
) -> None:
    browser.sign_in(acme_idp, email="erin@evil.test")

    client = client_of(max_)
    page = client.get("/o/acme/sso/").content.decode()
    own = client.get(f"/o/acme/sso/{acme_idp.connection.pk}/").content.decode()

    assert f"http://testserver/sso/{acme_idp.connection.pk}/acs/" in own
    assert "https://idp.acme.test/metadata" in own
    assert "acme.test" in page
    assert "evil.test" in page
    assert "proven to own" in page


def test_viewers_do_not_see_it(client_of: Callable[..., Client], mia: Membership) -> None:
    assert client_of(mia).get("/o/acme/sso/").status_code == 403


def test_auditors_see_it_and_change_nothing(
    client_of: Callable[..., Client], aud: Membership, acme_idp: Idp
) -> None:
    client = client_of(aud)

    assert client.get("/o/acme/sso/").status_code == 200
    assert client.get("/o/acme/sso/new/").status_code == 403
    there = f"/o/acme/sso/{acme_idp.connection.pk}/disable/"
    assert client.post(there).status_code in {302, 403}
    assert Connection.objects.get().state == "active"


def test_admin_makes_and_activates_a_connection(
    client_of: Callable[..., Client], max_: Membership, actor_of: Callable[..., Actor]
) -> None:
    client = client_of(max_)

    client.post("/o/acme/sso/new/", {"kind": "saml", "name": "Okta"})
    made = Connection.objects.get()
    client.post(f"/o/acme/sso/{made.pk}/configure/", {"way": "document", "metadata": metadata()})
    made = Connection.objects.get()
    assert (made.state, made.idp_sso_url) == ("draft", "https://idp.acme.test/sso")
    client.post(f"/o/acme/sso/{made.pk}/activate/")
    assert Connection.objects.get().state == "draft"  # no test login has passed
    pass_test(made, actor=actor_of(max_), at=timezone.now(), digest=configuration_digest(made))
    client.post(f"/o/acme/sso/{made.pk}/activate/")

    made = Connection.objects.get()
    assert made.state == "active"
    assert made.provider_id == f"saml-{made.pk}"
    client.post(f"/o/acme/sso/{made.pk}/disable/")
    assert Connection.objects.get().state == "disabled"


def test_making_one_asks_for_a_step_up(client_of: Callable[..., Client], max_: Membership) -> None:
    client = client_of(max_, stepped_up=False)

    response = client.post("/o/acme/sso/new/", {"kind": "saml", "name": "Okta"})

    assert response["Location"].startswith("/o/acme/step-up/")
    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        "nothing",
        "<a/>",
        '<!DOCTYPE a [<!ENTITY b "c">]>' + "<a/>",
        metadata(certificate="AAAA"),
        metadata(sso="javascript:alert(1)"),
        metadata(sso="https://[::1"),
        metadata(sso="https://idp.acme.test:99999999/"),
        metadata(sso="https://idp.acme.test; script-src * 'unsafe-inline'/"),
        metadata(sso="https://:x; script-src *@idp.acme.test/"),
        metadata(sso="https://idp.\u2167.test/"),
        metadata(entity=""),
    ],
)
def test_metadata_that_describes_nothing_is_refused(wrong: str) -> None:
    with pytest.raises(MetadataWrong):
        read_metadata(wrong)


@pytest.mark.parametrize("address", ["http://idp.acme.test/sso", "https://u:p@idp.acme.test/"])
def test_insecure_provider_is_refused(
    client_of: Callable[..., Client], max_: Membership, draft: Connection, address: str
) -> None:
    response = client_of(max_).post(
        f"/o/acme/sso/{draft.pk}/configure/",
        {"way": "document", "metadata": metadata(sso=address)},
    )

    assert response.status_code == 422
    assert not Connection.objects.exclude(idp_sso_url="").exists()


def test_our_metadata_names_our_addresses(browser: Browser, acme_idp: Idp) -> None:
    response = browser.get(f"/sso/{acme_idp.connection.pk}/metadata/", HTTP_HOST="localhost")

    assert response.status_code == 200
    assert b'Location="http://testserver/sso/' in response.content
    assert response["Content-Type"].startswith("application/samlmetadata+xml")


def test_other_organizations_connections_do_not_exist(
    client_of: Callable[..., Client], max_: Membership, globex_idp: Idp
) -> None:
    response = client_of(max_).post(f"/o/acme/sso/{globex_idp.connection.pk}/disable/")

    assert response.status_code == 404
