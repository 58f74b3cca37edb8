"""The demo's SSO connections, made by the same actions that an admin's page calls."""

from datetime import datetime

from django.utils.translation import gettext as _

from portal.sso.actions import (
    activate_connection,
    claim_domain,
    create_connection,
    describe_identity_provider,
    disable_connection,
    pass_test,
    verify_domain,
)
from portal.sso.configuration import configuration_digest
from portal.sso.development.keys import signing_key
from portal.sso.development.views import idp_url, issuer_of, require_demo
from portal.sso.models import Connection, Domain
from portal.sso.saml.idp_metadata import IdentityProvider
from tenants.access import Actor


def connect_demo(*, actor: Actor, at: datetime) -> Connection:
    """Connect the actor's organization to its development identity provider, with its domain.

    Safe to repeat; inside the organization's scope.
    """
    require_demo()
    _own_domain(f"{actor.organization.slug}.test", actor=actor, at=at)
    name = _("%(name)s IdP") % {"name": actor.organization.name.split()[0]}
    connection = Connection.objects.filter(name=name).first()
    if connection is None:
        connection = create_connection(actor=actor, at=at, name=name)
    connection = _describe(connection, actor=actor, at=at)
    if not connection.is_in_use:
        digest = configuration_digest(connection)
        connection = pass_test(connection, actor=actor, at=at, digest=digest)
        connection = activate_connection(connection, actor=actor, at=at)
    return connection


def _own_domain(name: str, *, actor: Actor, at: datetime) -> None:
    domain = Domain.objects.filter(name=name).first()
    if domain is None:
        domain = claim_domain(actor=actor, at=at, name=name)
    if domain.verified_at is None:
        # `.test` is in no DNS: the demo answers for it.
        verify_domain(domain, actor=actor, at=at, records=[domain.dns_record])


def _describe(connection: Connection, *, actor: Actor, at: datetime) -> Connection:
    """Again when the port or the key has changed since the last start."""
    slug = actor.organization.slug
    provider = IdentityProvider(
        entity_id=issuer_of(slug),
        sso_url=idp_url(connection.pk),
        certificates=(signing_key(slug).certificate_pem.decode("ascii"),),
    )
    is_same = connection.idp_sso_url == provider.sso_url and (
        connection.pems() == provider.certificates
    )
    if is_same:
        return connection
    if connection.is_in_use:
        connection = disable_connection(connection, actor=actor, at=at)
    return describe_identity_provider(connection, actor=actor, provider=provider)
