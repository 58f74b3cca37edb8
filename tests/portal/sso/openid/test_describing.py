"""Describing an OpenID provider: each kind takes what it needs, and the secret stays sealed."""

from typing import Any

import pytest

from audit.models import Event
from audit.names import EventName
from audit.refusals import Invalid
from portal.sso.actions import (
    ConnectionIncomplete,
    ConnectionStateWrong,
    activate_connection,
    create_connection,
    describe_openid,
    pass_test,
)
from portal.sso.configuration import configuration_digest, is_tested
from portal.sso.models import Connection
from portal.sso.oidc.applications import application_of
from portal.sso.oidc.describing import Description
from portal.sso.oidc.kinds import CONSUMERS
from tenants.access import Actor, system_actor
from tenants.clock import now
from tenants.models import Organization
from tests.portal.sso.openid.conftest import TENANT, connect

pytestmark = pytest.mark.django_db
ISSUER = "https://id.acme.test/realms/staff"


@pytest.fixture
def actor(organization: Organization, settings: Any) -> Actor:
    settings.GOOGLE_CLIENT_ID = settings.MICROSOFT_CLIENT_ID = "vendor"
    settings.GOOGLE_CLIENT_SECRET = settings.MICROSOFT_CLIENT_SECRET = "vendor's secret"
    return system_actor(organization)


def described(actor: Actor, kind: str, **values: str) -> Connection:
    connection = create_connection(actor=actor, at=now(), name="Theirs", kind=kind)
    return describe_openid(connection, actor=actor, description=Description(**values))


def test_google_takes_a_domain_and_nothing_else(actor: Actor) -> None:
    connection = described(actor, "google", hosted_domain=" @Acme.TEST ")

    assert connection.hosted_domain == "acme.test"
    assert application_of(connection).client_id == "vendor"


def test_microsoft_takes_a_tenant_and_nothing_else(actor: Actor) -> None:
    connection = described(actor, "microsoft", tenant_id=TENANT.upper())

    assert connection.tenant_id == TENANT
    assert application_of(connection).issuer.endswith(f"/{TENANT}/v2.0")


def test_secret_is_sealed_and_in_no_event(actor: Actor) -> None:
    connection = described(actor, "oidc", issuer=ISSUER, client_id="mine", client_secret="hush")

    assert "hush" not in connection.sealed_client_secret
    assert application_of(connection).secret == "hush"
    assert "hush" not in repr(application_of(connection))
    event = Event.objects.filter(name=EventName.CONNECTION_CHANGED).get()
    assert "hush" not in event.body


def test_empty_secret_keeps_the_one_of_the_same_client(actor: Actor) -> None:
    connection = described(actor, "oidc", issuer=ISSUER, client_id="mine", client_secret="hush")

    same = Description(issuer=f"{ISSUER}/", client_id="mine")
    connection = describe_openid(connection, actor=actor, description=same)
    assert application_of(connection).secret == "hush"
    other = Description(issuer=ISSUER, client_id="another")
    with pytest.raises(Invalid) as refusal:
        describe_openid(connection, actor=actor, description=other)
    assert set(refusal.value.errors) == {"client_secret"}


WRONG = [
    ("google", {}, "hosted_domain"),
    ("google", {"hosted_domain": "no domain"}, "hosted_domain"),
    ("google", {"hosted_domain": "acme.test", "tenant_id": TENANT}, "tenant_id"),
    ("google", {"hosted_domain": "acme.test", "client_id": "own"}, "client_secret"),
    ("microsoft", {"tenant_id": "common"}, "tenant_id"),
    ("microsoft", {"tenant_id": CONSUMERS}, "tenant_id"),
    ("microsoft", {"tenant_id": "organizations"}, "tenant_id"),
    ("oidc", {"issuer": "http://id.acme.test", "client_id": "a", "client_secret": "b"}, "issuer"),
    ("oidc", {"issuer": "https://id.acme.test/?x=1", "client_id": "a"}, "issuer"),
    ("oidc", {"issuer": "https://u:p@id.acme.test", "client_id": "a"}, "issuer"),
    ("oidc", {"issuer": "https://id.acme.test;x", "client_id": "a"}, "issuer"),
    ("oidc", {"issuer": ISSUER}, "client_id"),
    ("oidc", {"issuer": ISSUER, "client_id": "a" * 201, "client_secret": "b"}, "client_id"),
    ("oidc", {"issuer": ISSUER, "client_id": "a", "client_secret": "b\n c"}, "client_secret"),
]


@pytest.mark.parametrize(("kind", "values", "field"), WRONG)
def test_what_does_not_describe_a_provider(
    actor: Actor, kind: str, values: dict[str, str], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        described(actor, kind, **values)

    assert field in refusal.value.errors


def test_without_a_vendors_application_one_is_asked_for(actor: Actor, settings: Any) -> None:
    settings.GOOGLE_CLIENT_ID = ""

    with pytest.raises(Invalid) as refusal:
        described(actor, "google", hosted_domain="acme.test")

    assert set(refusal.value.errors) == {"client_id"}


def test_incomplete_connection_is_not_activated(actor: Actor) -> None:
    connection = create_connection(actor=actor, at=now(), name="Theirs", kind="google")
    pass_test(connection, actor=actor, at=now(), digest=configuration_digest(connection))

    with pytest.raises(ConnectionIncomplete):
        activate_connection(connection, actor=actor, at=now())


def test_change_asks_for_a_new_test(actor: Actor) -> None:
    connection = described(actor, "google", hosted_domain="acme.test")
    digest = configuration_digest(connection)
    connection = pass_test(connection, actor=actor, at=now(), digest=digest)
    assert is_tested(connection)

    other = Description(hosted_domain="other.test")

    assert not is_tested(describe_openid(connection, actor=actor, description=other))


def test_connection_in_use_is_not_described_anew(actor: Actor, organization: Organization) -> None:
    connection = connect(organization, "google", Description(hosted_domain="acme.test"))

    with pytest.raises(ConnectionStateWrong):
        describe_openid(
            connection, actor=actor, description=Description(hosted_domain="other.test")
        )
