"""Our own keys of a connection: made, published, rolled over, destroyed."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from lxml import etree
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from audit.models import Event
from audit.names import EventName
from portal.sso.actions import (
    KeyStateWrong,
    create_connection,
    prepare_key,
    promote_key,
    retire_key,
)
from portal.sso.models import Connection, ConnectionKey
from portal.sso.models.keys import KeyState
from portal.sso.saml.certificates import bare
from portal.sso.saml.names import DS, METADATA
from tenants.access import Actor, system_actor
from tenants.models import Organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor(organization: Organization) -> Actor:
    return system_actor(organization)


@pytest.fixture
def connection(actor: Actor) -> Connection:
    return create_connection(actor=actor, at=timezone.now(), name="Our IdP")


def keys_of(connection: Connection) -> list[ConnectionKey]:
    return list(ConnectionKey.objects.filter(connection=connection).order_by("created_at"))


def published(connection: Connection, use: str) -> list[str]:
    metadata = etree.fromstring(Client().get(f"/sso/{connection.pk}/metadata/").content)
    return [
        "".join((node.text or "").split())
        for key in metadata.iter(f"{{{METADATA}}}KeyDescriptor")
        if key.get("use") == use
        for node in key.iter(f"{{{DS}}}X509Certificate")
    ]


def test_a_draft_has_a_key_of_its_own(connection: Connection, actor: Actor) -> None:
    other = create_connection(actor=actor, at=timezone.now(), name="Second")
    (key,) = keys_of(connection)
    certificate = x509.load_pem_x509_certificate(key.certificate.encode())
    public = certificate.public_key()

    assert key.state is KeyState.CURRENT
    assert isinstance(public, rsa.RSAPublicKey)
    assert public.key_size >= 2048
    assert (certificate.not_valid_after_utc - timezone.now()).days > 1000
    assert "PRIVATE" not in key.sealed_private_key
    assert key.private_key().startswith("-----BEGIN PRIVATE KEY-----")
    assert keys_of(other)[0].certificate != key.certificate


def test_openid_connect_needs_no_key(actor: Actor) -> None:
    connection = create_connection(
        actor=actor, at=timezone.now(), name="Workspace", kind=Connection.Kind.GOOGLE
    )

    assert keys_of(connection) == []
    with pytest.raises(KeyStateWrong):
        prepare_key(connection, actor=actor, at=timezone.now())


def test_reading_metadata_writes_nothing(connection: Connection) -> None:
    ConnectionKey.objects.all().delete()

    response = Client().get(f"/sso/{connection.pk}/metadata/")

    assert response.status_code == 200
    assert b'AuthnRequestsSigned="false"' in response.content
    assert keys_of(connection) == []


def test_metadata_is_valid_and_names_what_is_needed(connection: Connection) -> None:
    content = Client().get(f"/sso/{connection.pk}/metadata/").content

    valid = OneLogin_Saml2_XML.validate_xml(
        etree.fromstring(content), "saml-schema-metadata-2.0.xsd"
    )
    assert valid != "invalid_xml"
    assert b'AuthnRequestsSigned="true"' in content
    assert b'WantAssertionsSigned="true"' in content
    assert published(connection, "signing") == published(connection, "encryption")


def test_roll_over_leaves_no_gap(connection: Connection, actor: Actor) -> None:
    at = timezone.now()
    (first,) = keys_of(connection)
    second = prepare_key(connection, actor=actor, at=at)
    both = [bare(first.certificate), bare(second.certificate)]

    assert published(connection, "signing") == both
    second = promote_key(second, actor=actor, at=at)
    first.refresh_from_db()

    assert (first.state, second.state) == (KeyState.FORMER, KeyState.CURRENT)
    assert published(connection, "encryption") == both[1:]
    assert list(ConnectionKey.objects.kept()) == [second, first]
    first = retire_key(first, actor=actor, at=at)
    assert first.state is KeyState.RETIRED
    assert first.sealed_private_key == ""
    assert list(ConnectionKey.objects.kept()) == [second]
    names = list(Event.objects.order_by("id").values_list("name", flat=True))
    assert names[-3:] == [
        EventName.CONNECTION_KEY_PREPARED,
        EventName.CONNECTION_KEY_PROMOTED,
        EventName.CONNECTION_KEY_RETIRED,
    ]


def test_next_key_may_be_thrown_away(connection: Connection, actor: Actor) -> None:
    key = prepare_key(connection, actor=actor, at=timezone.now())

    assert retire_key(key, actor=actor, at=timezone.now()).state is KeyState.RETIRED
    assert prepare_key(connection, actor=actor, at=timezone.now()).state is KeyState.NEXT


def test_steps_out_of_order_are_refused(connection: Connection, actor: Actor) -> None:
    at = timezone.now()
    (current,) = keys_of(connection)
    with pytest.raises(KeyStateWrong):
        promote_key(current, actor=actor, at=at)
    with pytest.raises(KeyStateWrong):
        retire_key(current, actor=actor, at=at)
    gone = retire_key(prepare_key(connection, actor=actor, at=at), actor=actor, at=at)
    with pytest.raises(KeyStateWrong):
        promote_key(gone, actor=actor, at=at)
    with pytest.raises(KeyStateWrong):
        retire_key(gone, actor=actor, at=at)
    prepare_key(connection, actor=actor, at=at)
    with pytest.raises(KeyStateWrong):
        prepare_key(connection, actor=actor, at=at)


def test_first_key_of_an_older_connection_is_in_use_at_once(
    connection: Connection, actor: Actor
) -> None:
    ConnectionKey.objects.all().delete()

    assert prepare_key(connection, actor=actor, at=timezone.now()).state is KeyState.CURRENT


def test_database_keeps_one_key_of_each_kind(connection: Connection) -> None:
    for promoted_at in (timezone.now(), None):
        key = ConnectionKey.made(connection, at=timezone.now())
        key.promoted_at = promoted_at
        if promoted_at is None:
            key.save()
            key = ConnectionKey.made(connection, at=timezone.now())
        with pytest.raises(IntegrityError), transaction.atomic():
            key.save(force_insert=True)
