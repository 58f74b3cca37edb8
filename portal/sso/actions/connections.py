"""The verbs of SSO connections: drafted, described, tested, activated, disabled."""

from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction

from audit.identifiers import new_id
from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, Refusal
from portal.sso.configuration import configuration_digest, is_tested
from portal.sso.enforcing import usable_connections
from portal.sso.models import Connection, ConnectionKey
from portal.sso.oidc.describing import missing_from
from portal.sso.rules import ConnectionState, may_move, provider_id_of
from portal.sso.saml.certificates import CertificateWrong, read_certificate
from portal.sso.saml.idp_metadata import IdentityProvider, names_a_host
from tenants.access import Actor, action
from tenants.models import Policy
from tenants.permissions import Permission

MAX_TEXT = 500
# One certificate in use, one for the day it is replaced.
SLOTS = 2
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ConnectionIncomplete(Refusal):
    code = "connection-incomplete"


class ConnectionStateWrong(Refusal):
    code = "connection-state"


class ConnectionNotTested(Refusal):
    code = "connection-not-tested"


@action(Permission.SSO_MANAGE, step_up=True)
def create_connection(
    *, actor: Actor, at: datetime, name: str, kind: str = Connection.Kind.SAML
) -> Connection:
    """Make a draft, with our own key for SAML; it signs nobody in until it is activated.

    Raises Invalid.
    """
    if not name.strip():
        raise Invalid("Give the SSO connection a name.", {"name": "Required."})
    connection_id = new_id()
    try:
        with transaction.atomic():
            connection: Connection = Connection.objects.create(
                id=connection_id,
                kind=kind,
                name=name.strip(),
                provider_id=provider_id_of(kind, connection_id),
                created_at=at,
            )
    except IntegrityError as taken:
        raise Invalid("There is an SSO connection of this name.", {"name": "Taken."}) from taken
    if connection.is_saml:
        key = ConnectionKey.made(connection, at=at)
        key.promote(at=at)
        key.save(force_insert=True)
    record(EventName.CONNECTION_CREATED, actor=actor, target=connection, kind=connection.kind)
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def describe_identity_provider(
    connection: Connection, *, actor: Actor, provider: IdentityProvider, metadata_url: str = ""
) -> Connection:
    """Set what the identity provider is called, where it is and what it signs with.

    `metadata_url` is where this was read, and is read again. Raises Invalid,
    ConnectionStateWrong while the connection signs people in.
    """
    connection = Connection.objects.locked(connection.pk)
    refuse_while_in_use(connection)
    _check_provider(provider)
    first, second = (*provider.certificates, "")[:2]
    connection.idp_entity_id = provider.entity_id
    connection.idp_sso_url = provider.sso_url
    connection.idp_binding = provider.binding
    connection.certificate, connection.next_certificate = first, second
    connection.metadata_url, connection.metadata_error = metadata_url, ""
    connection.version += 1
    connection.save(
        update_fields=[
            "idp_entity_id",
            "idp_sso_url",
            "idp_binding",
            "certificate",
            "next_certificate",
            "metadata_url",
            "metadata_error",
            "version",
        ]
    )
    record(
        EventName.CONNECTION_CHANGED,
        actor=actor,
        target=connection,
        changed="identity provider",
        entity_id=provider.entity_id,
        certificates=[certificate.fingerprint for certificate in connection.certificates()],
    )
    return connection


@action(Permission.SSO_MANAGE)
def pass_test(connection: Connection, *, actor: Actor, at: datetime, digest: str) -> Connection:
    """Note that a test login passed with the configuration that `digest` stands for.

    Raises ConnectionStateWrong when the configuration was changed meanwhile.
    """
    connection = Connection.objects.locked(connection.pk)
    if digest != configuration_digest(connection):
        raise ConnectionStateWrong("The configuration was changed during the test. Test it again.")
    if not connection.is_in_use:
        _check_move(connection, ConnectionState.TESTING)
        connection.begin_testing()
    connection.tested_at, connection.tested_digest = at, digest
    connection.save(
        update_fields=[
            "state",
            "activated_at",
            "degraded_at",
            "degraded_because",
            "disabled_at",
            "tested_at",
            "tested_digest",
        ]
    )
    record(EventName.CONNECTION_TESTED, actor=actor, target=connection)
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def activate_connection(connection: Connection, *, actor: Actor, at: datetime) -> Connection:
    """Let the connection sign people in.

    Raises ConnectionIncomplete, ConnectionNotTested, ConnectionStateWrong.
    """
    connection = Connection.objects.locked(connection.pk)
    _check_complete(connection, at=at)
    if not is_tested(connection):
        raise ConnectionNotTested(
            "Pass a test login first: it shows that exactly this configuration lets people in."
        )
    _check_move(connection, ConnectionState.ACTIVE)
    connection.activate(at=at)
    connection.save(
        update_fields=["state", "activated_at", "degraded_at", "degraded_because", "disabled_at"]
    )
    record(EventName.CONNECTION_ACTIVATED, actor=actor, target=connection)
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def disable_connection(connection: Connection, *, actor: Actor, at: datetime) -> Connection:
    """Stop sign-ins through the connection. Raises ConnectionStateWrong."""
    policy = Policy.objects.locked(Policy.objects.get().pk)
    connection = Connection.objects.locked(connection.pk)
    _check_move(connection, ConnectionState.DISABLED)
    others = [one for one in usable_connections(policy) if one.pk != connection.pk]
    if policy.enforces_sso(at=at) and not others:
        raise ConnectionStateWrong(
            "Single sign-on is enforced and this is its last way in. Lift the enforcement first."
        )
    connection.disable(at=at)
    connection.save(update_fields=["state", "disabled_at"])
    record(EventName.CONNECTION_DISABLED, actor=actor, target=connection)
    return connection


def refuse_while_in_use(connection: Connection) -> None:
    """People sign in through it now: a change that no test has passed would lock them out."""
    if connection.is_in_use:
        raise ConnectionStateWrong(
            "This SSO connection signs people in. Disable it first, or set up a second one, "
            "test it, and switch over."
        )


def _check_complete(connection: Connection, *, at: datetime) -> None:
    """Raises ConnectionIncomplete, naming what is missing."""
    if not connection.is_saml:
        missing = missing_from(connection)
        if missing:
            raise ConnectionIncomplete(missing)
        return
    if not (connection.idp_entity_id and connection.idp_sso_url and connection.pems()):
        raise ConnectionIncomplete("Add the identity provider's metadata first.")
    if all(certificate.expires_at <= at for certificate in connection.certificates()):
        raise ConnectionIncomplete("The identity provider's certificate has expired. Replace it.")


def _check_provider(provider: IdentityProvider) -> None:
    errors = {"certificates": _certificates_error(provider.certificates)}
    if not 0 < len(provider.entity_id) <= MAX_TEXT:
        errors["entity_id"] = "Enter the identity provider's entity ID."
    if provider.binding not in Connection.Binding.values:
        errors["binding"] = "Choose HTTP-Redirect or HTTP-POST."
    if not _is_acceptable(provider.sso_url):
        errors["sso_url"] = "The sign-in address must begin with https://."
    wrong = {field: said for field, said in errors.items() if said}
    if wrong:
        raise Invalid("This does not describe a usable identity provider.", wrong)


def _certificates_error(certificates: Collection[str]) -> str:
    if not 1 <= len(certificates) <= SLOTS:
        return "Give one or two certificates."
    try:
        for pem in certificates:
            read_certificate(pem)
    except CertificateWrong as error:
        return str(error)
    return ""


def _is_acceptable(url: str) -> bool:
    """With https anywhere; plain http only for the demo's own identity provider on this machine."""
    if len(url) > MAX_TEXT or not names_a_host(url):
        return False
    parts = urlsplit(url)
    if parts.username:
        return False
    is_local = settings.DEMO and parts.scheme == "http" and parts.hostname in _LOOPBACK
    return parts.scheme == "https" or is_local


def _check_move(connection: Connection, after: ConnectionState) -> None:
    if not may_move(connection.state, after):
        raise ConnectionStateWrong(
            f"This SSO connection is {connection.get_state_display().lower()} already."
        )
