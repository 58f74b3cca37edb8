"""The verbs of SSO connections, domains and identities."""

import secrets
from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import IntegrityError, transaction

from audit.identifiers import new_id
from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, Refusal
from portal.sso.models import ClosedIdentity, Connection, Domain
from portal.sso.rules import (
    ConnectionState,
    is_domain,
    may_move,
    provider_id_of,
    subject_digest,
)
from portal.sso.saml.certificates import CertificateWrong, read_certificate
from portal.sso.saml.idp_metadata import IdentityProvider, names_a_host
from tenants.access import Actor, action
from tenants.models import Membership
from tenants.permissions import Permission

MAX_TEXT = 500
# One certificate in use, one for the day it is replaced.
SLOTS = 2
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ConnectionIncomplete(Refusal):
    code = "connection-incomplete"


class ConnectionStateWrong(Refusal):
    code = "connection-state"


class DomainNotProven(Refusal):
    code = "domain-not-proven"


@action(Permission.SSO_MANAGE, step_up=True)
def create_connection(*, actor: Actor, at: datetime, name: str) -> Connection:
    """Make a draft; it signs nobody in until it is activated. Raises Invalid."""
    if not name.strip():
        raise Invalid("Give the SSO connection a name.", {"name": "Required."})
    connection_id = new_id()
    try:
        with transaction.atomic():
            connection: Connection = Connection.objects.create(
                id=connection_id,
                name=name.strip(),
                provider_id=provider_id_of(connection_id),
                created_at=at,
            )
    except IntegrityError as taken:
        raise Invalid("There is an SSO connection of this name.", {"name": "Taken."}) from taken
    record(EventName.CONNECTION_CREATED, actor=actor, target=connection, kind=connection.kind)
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def describe_identity_provider(
    connection: Connection, *, actor: Actor, provider: IdentityProvider
) -> Connection:
    """Set what the identity provider is called, where it is and what it signs with.

    Raises Invalid.
    """
    connection = Connection.objects.locked(connection.pk)
    _check_provider(provider)
    first, second = (*provider.certificates, "")[:2]
    connection.idp_entity_id = provider.entity_id
    connection.idp_sso_url = provider.sso_url
    connection.certificate, connection.next_certificate = first, second
    connection.version += 1
    connection.save(
        update_fields=[
            "idp_entity_id",
            "idp_sso_url",
            "certificate",
            "next_certificate",
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


@action(Permission.SSO_MANAGE, step_up=True)
def activate_connection(connection: Connection, *, actor: Actor, at: datetime) -> Connection:
    """Let the connection sign people in. Raises ConnectionIncomplete, ConnectionStateWrong."""
    connection = Connection.objects.locked(connection.pk)
    _check_move(connection, ConnectionState.ACTIVE)
    if not (connection.idp_entity_id and connection.idp_sso_url and connection.pems()):
        raise ConnectionIncomplete("Add the identity provider's metadata first.")
    if all(certificate.expires_at <= at for certificate in connection.certificates()):
        raise ConnectionIncomplete("The identity provider's certificate has expired. Replace it.")
    connection.activate(at=at)
    connection.save(update_fields=["state", "activated_at", "disabled_at"])
    record(EventName.CONNECTION_ACTIVATED, actor=actor, target=connection)
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def disable_connection(connection: Connection, *, actor: Actor, at: datetime) -> Connection:
    """Stop sign-ins through the connection. Raises ConnectionStateWrong."""
    connection = Connection.objects.locked(connection.pk)
    _check_move(connection, ConnectionState.DISABLED)
    connection.disable(at=at)
    connection.save(update_fields=["state", "disabled_at"])
    record(EventName.CONNECTION_DISABLED, actor=actor, target=connection)
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def claim_domain(*, actor: Actor, at: datetime, name: str) -> Domain:
    """Name a domain of the organization; it counts once it is proven. Raises Invalid."""
    domain_name = name.strip().lower().removeprefix("@").rstrip(".")
    if not is_domain(domain_name):
        raise Invalid("Enter a domain such as example.com.", {"name": "Not a domain."})
    if Domain.objects.filter(name=domain_name).exists():
        raise Invalid("This domain is on the list already.", {"name": "Already there."})
    domain: Domain = Domain.objects.create(
        name=domain_name, token=secrets.token_urlsafe(24), created_at=at
    )
    record(EventName.DOMAIN_CLAIMED, actor=actor, target=domain)
    return domain


@action(Permission.SSO_MANAGE, step_up=True)
def verify_domain(
    domain: Domain, *, actor: Actor, at: datetime, records: Collection[str]
) -> Domain:
    """Accept a domain whose TXT `records` hold its token. Raises DomainNotProven."""
    domain = Domain.objects.locked(domain.pk)
    if domain.dns_record not in records:
        raise DomainNotProven(
            f"No TXT record of {domain.name} says {domain.dns_record}. "
            "Add it, wait for your DNS to publish it, and try again."
        )
    domain.verified_at = at
    try:
        with transaction.atomic():
            domain.save(update_fields=["verified_at"])
    except IntegrityError as taken:
        raise DomainNotProven(
            f"{domain.name} was proven by another organization. Write to support."
        ) from taken
    record(EventName.DOMAIN_VERIFIED, actor=actor, target=domain)
    return domain


@action(Permission.REVOCATION_FILE)
def close_identities(membership: Membership, *, actor: Actor, at: datetime) -> int:
    """Cut the person's links to this organization's identity providers, for good.

    A sign-in with the same subject is refused from now on while the membership is not active.
    """
    closed = 0
    for connection in Connection.objects.all():
        accounts = SocialAccount.objects.filter(
            user_id=membership.user_id, provider=connection.provider_id
        )
        for account in accounts:
            ClosedIdentity.objects.update_or_create(
                organization=membership.organization,
                connection=connection,
                subject_digest=subject_digest(connection.provider_id, account.uid),
                defaults={"membership": membership, "closed_at": at},
            )
            account.delete()
            closed += 1
    if closed:
        record(EventName.IDENTITY_UNLINKED, actor=actor, target=membership, links=closed)
    return closed


def _check_provider(provider: IdentityProvider) -> None:
    errors = {"certificates": _certificates_error(provider.certificates)}
    if not 0 < len(provider.entity_id) <= MAX_TEXT:
        errors["entity_id"] = "Enter the identity provider's entity ID."
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
