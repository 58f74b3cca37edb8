"""The verb that describes an OpenID provider: Google, Microsoft, or another by its issuer."""

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid
from portal.sso.actions.connections import refuse_while_in_use
from portal.sso.models import Connection
from portal.sso.oidc.applications import sealed_secret
from portal.sso.oidc.describing import Description, settled, wrong_in
from tenants.access import Actor, action
from tenants.permissions import Permission

_FIELDS = (
    "issuer",
    "hosted_domain",
    "tenant_id",
    "client_id",
    "sealed_client_secret",
    "version",
)


@action(Permission.SSO_MANAGE, step_up=True)
def describe_openid(
    connection: Connection, *, actor: Actor, description: Description
) -> Connection:
    """Set which provider, domain or directory it is, and the customer's own application there.

    An empty client secret leaves the one that is kept, as long as the client ID stays.
    Raises Invalid, ConnectionStateWrong while the connection signs people in.
    """
    connection = Connection.objects.locked(connection.pk)
    refuse_while_in_use(connection)
    described = settled(description)
    wrong = wrong_in(connection, described)
    if wrong:
        raise Invalid("This does not describe a usable OpenID provider.", wrong)
    _describe(connection, described)
    connection.save(update_fields=_FIELDS)
    record(
        EventName.CONNECTION_CHANGED,
        actor=actor,
        target=connection,
        changed="OpenID provider",
        provider=described.issuer or described.hosted_domain or described.tenant_id,
        own_application=bool(described.client_id),
        new_secret=bool(described.client_secret),
    )
    return connection


def _describe(connection: Connection, described: Description) -> None:
    connection.issuer = described.issuer
    connection.hosted_domain = described.hosted_domain
    connection.tenant_id = described.tenant_id
    connection.client_id = described.client_id
    if described.client_secret and described.client_id:
        connection.sealed_client_secret = sealed_secret(connection, described.client_secret)
    elif not described.client_id:
        connection.sealed_client_secret = ""
    connection.version += 1
