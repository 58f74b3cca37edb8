"""Which application a connection signs in as: the customer's own, or the vendor's."""

from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from audit.sealing import KeyDestroyed, SealBroken, seal, unseal
from portal.sso.models import Connection
from portal.sso.refusals import Reason, SignInRefused

PURPOSE = "connection"
_Kind = Connection.Kind


@dataclass(frozen=True, slots=True)
class Application:
    """Our side of one connection, as the provider knows it."""

    issuer: str
    client_id: str
    redirect_uri: str
    secret: str = field(repr=False)


def application_of(connection: Connection) -> Application:
    """Raises SignInRefused when neither the customer nor the vendor has an application."""
    client_id, secret = _credentials(connection)
    issuer = issuer_of(connection)
    if not (client_id and secret and issuer):
        raise SignInRefused(
            Reason.NOT_SET_UP, expected=f"an application at {connection.get_kind_display()}"
        )
    return Application(
        issuer=issuer,
        client_id=client_id,
        redirect_uri=redirect_uri_of(connection),
        secret=secret,
    )


def issuer_of(connection: Connection) -> str:
    """Who must have signed the tokens; Microsoft's names the pinned directory."""
    if connection.kind == _Kind.GOOGLE:
        return str(settings.GOOGLE_ISSUER)
    if connection.kind == _Kind.MICROSOFT:
        return f"{settings.MICROSOFT_AUTHORITY}/{connection.tenant_id}/v2.0"
    return connection.issuer


def redirect_uri_of(connection: Connection) -> str:
    """Where the provider sends the browser back; it knows the exact address beforehand.

    The vendor's application is registered once for all customers, a customer's own for its
    connection.
    """
    if not connection.client_id:
        return str(settings.BASE_URL + reverse("sso-vendor-callback"))
    return callback_url_of(connection.pk)


def callback_url_of(connection_id: UUID) -> str:
    return settings.BASE_URL + reverse("sso-callback", args=[connection_id])


def is_offered(kind: str) -> bool:
    """Whether the vendor has an application there, so that the admin needs none."""
    return all(_vendor_application(kind))


def sealed_secret(connection: Connection, secret: str) -> str:
    return seal(
        secret,
        organization_id=connection.organization_id,
        purpose=PURPOSE,
        subject=str(connection.pk),
        context=_context(connection),
    )


def _credentials(connection: Connection) -> tuple[str, str]:
    if not connection.client_id:
        return _vendor_application(connection.kind)
    if not connection.sealed_client_secret:
        return connection.client_id, ""
    try:
        secret = unseal(
            connection.sealed_client_secret,
            organization_id=connection.organization_id,
            context=_context(connection),
        )
    except (KeyDestroyed, SealBroken):
        secret = ""
    return connection.client_id, secret


def _vendor_application(kind: str) -> tuple[str, str]:
    if kind == _Kind.GOOGLE:
        return settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET
    if kind == _Kind.MICROSOFT:
        return settings.MICROSOFT_CLIENT_ID, settings.MICROSOFT_CLIENT_SECRET
    return "", ""


def _context(connection: Connection) -> str:
    return f"connection-client-secret:{connection.pk}"
