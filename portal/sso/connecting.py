"""A connection as allauth and python3-saml see it: our addresses, and an app never saved."""

from dataclasses import dataclass
from uuid import UUID

from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.urls import reverse

from portal.sso.models import Connection, ConnectionKey
from portal.sso.saml.guard import Keys
from portal.sso.saml.judge import Parties
from portal.sso.saml.opening import OwnKey
from tenants.models import Organization
from tenants.scoping import system_scope


@dataclass(frozen=True)
class Door:
    """Where a connection leads, found before anybody is known."""

    connection_id: UUID
    organization: Organization


def find_door(connection_id: UUID) -> Door | None:
    """The connection's organization; the rest is read in that organization's scope."""
    with system_scope("connection"):
        connection = (
            Connection.unscoped.select_related("organization")
            .only("id", "organization")
            .filter(pk=connection_id)
            .exclude(organization__status=Organization.Status.CLOSED)
            .first()
        )
        return Door(connection.pk, connection.organization) if connection else None


def entity_id_of(connection_id: UUID) -> str:
    return settings.BASE_URL + reverse("sso-metadata", args=[connection_id])


def acs_url_of(connection_id: UUID) -> str:
    return settings.BASE_URL + reverse("sso-acs", args=[connection_id])


def parties_of(connection: Connection) -> Parties:
    return Parties(
        entity_id=entity_id_of(connection.pk),
        acs_url=acs_url_of(connection.pk),
        idp_entity_id=connection.idp_entity_id,
        idp_sso_url=connection.idp_sso_url,
        certificates=connection.pems(),
        accepts_unsolicited=connection.accepts_unsolicited,
    )


def keys_of(connection: Connection) -> Keys:
    """Our own keys, opened only if an assertion asks for them."""

    def keys() -> tuple[OwnKey, ...]:
        kept = ConnectionKey.objects.filter(connection=connection).kept()
        return tuple(OwnKey(str(key.state.label), key.private_key()) for key in kept)

    return keys


def app_of(connection: Connection) -> SocialApp:
    """The connection for allauth; its provider id is half of every identity."""
    return SocialApp(
        provider="saml" if connection.is_saml else "openid_connect",
        provider_id=connection.provider_id,
        client_id=str(connection.pk),
        name=connection.name[:40],
        settings={},
    )
