"""The configuration of a connection as one value: a test login is good for exactly this."""

import hashlib
from typing import Any

from audit.canonical import canonical
from portal.sso.models import Connection

# What decides whom a connection lets in. The name, the notices and the state do not.
_FIELDS = {
    Connection.Kind.SAML: (
        "idp_entity_id",
        "idp_sso_url",
        "idp_binding",
        "certificate",
        "signs_requests",
    ),
    Connection.Kind.GOOGLE: ("hosted_domain", "client_id"),
    Connection.Kind.MICROSOFT: ("tenant_id", "client_id"),
    Connection.Kind.OIDC: ("issuer", "client_id"),
}


def configuration_of(connection: Connection) -> dict[str, Any]:
    """The deciding values by name.

    A second certificate is left out: it is trusted beside the first so that a roll-over needs no
    new test, and whoever may add it has stepped up.
    """
    return {name: getattr(connection, name) for name in _FIELDS[Connection.Kind(connection.kind)]}


def configuration_digest(connection: Connection) -> str:
    values = {"kind": connection.kind, **configuration_of(connection)}
    return hashlib.sha256(canonical(values).encode()).hexdigest()


def is_tested(connection: Connection) -> bool:
    """Whether a test login passed with exactly this configuration."""
    return bool(connection.tested_digest) and connection.tested_digest == configuration_digest(
        connection
    )
