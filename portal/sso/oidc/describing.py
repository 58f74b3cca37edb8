"""What an admin says about an OpenID provider, tidied and checked for its kind."""

from dataclasses import dataclass

from portal.sso.models import Connection
from portal.sso.oidc.addresses import is_issuer
from portal.sso.oidc.applications import is_offered
from portal.sso.oidc.kinds import is_directory
from portal.sso.rules import is_domain

MAX_CLIENT_ID = 200
MAX_SECRET = 500
_Kind = Connection.Kind


@dataclass(frozen=True, slots=True)
class Description:
    """Which provider, and as which application; what the kind has no use for stays empty."""

    issuer: str = ""
    hosted_domain: str = ""
    tenant_id: str = ""
    client_id: str = ""
    client_secret: str = ""


def settled(said: Description) -> Description:
    """As it is stored: without blanks, names in lower case."""
    return Description(
        issuer=said.issuer.strip(),
        hosted_domain=said.hosted_domain.strip().lower().removeprefix("@").rstrip("."),
        tenant_id=said.tenant_id.strip().lower(),
        client_id=said.client_id.strip(),
        client_secret=said.client_secret.strip(),
    )


def wrong_in(connection: Connection, said: Description) -> dict[str, str]:
    """What does not hold, by field."""
    errors = {
        **_stray(connection.kind, said),
        **_provider(connection.kind, said),
        **_application(connection, said),
    }
    return {name: error for name, error in errors.items() if error}


def missing_from(connection: Connection) -> str:
    """What an OpenID connection still lacks before it can sign anybody in; empty if nothing."""
    named = {
        _Kind.GOOGLE: (connection.hosted_domain, "Add the Workspace domain first."),
        _Kind.MICROSOFT: (connection.tenant_id, "Add the Microsoft tenant ID first."),
        _Kind.OIDC: (connection.issuer, "Add the issuer first."),
    }
    value, sentence = named[_Kind(connection.kind)]
    if not value:
        return sentence
    if connection.client_id:
        return "" if connection.sealed_client_secret else "Add the client secret first."
    return "" if is_offered(connection.kind) else "Add a client ID and its secret first."


def _provider(kind: str, said: Description) -> dict[str, str]:
    if kind == _Kind.GOOGLE:
        is_right = is_domain(said.hosted_domain)
        return {"hosted_domain": "" if is_right else "Enter a domain such as example.com."}
    if kind == _Kind.MICROSOFT:
        is_right = is_directory(said.tenant_id)
        return {"tenant_id": "" if is_right else _TENANT}
    return {"issuer": "" if is_issuer(said.issuer) else _ISSUER}


def _application(connection: Connection, said: Description) -> dict[str, str]:
    if not said.client_id:
        is_needed = not is_offered(connection.kind)
        return {"client_id": "Enter the client ID of your application." if is_needed else ""}
    is_kept = said.client_id == connection.client_id and bool(connection.sealed_client_secret)
    return {
        "client_id": "" if _is_token(said.client_id, MAX_CLIENT_ID) else "This is too long.",
        "client_secret": ""
        if is_kept or _is_token(said.client_secret, MAX_SECRET)
        else "Enter the client secret of this application.",
    }


def _is_token(value: str, longest: int) -> bool:
    return 0 < len(value) <= longest and value.isascii() and value.isprintable()


def _stray(kind: str, said: Description) -> dict[str, str]:
    """A value for another kind would be kept and never looked at."""
    fields = {_Kind.GOOGLE: "hosted_domain", _Kind.MICROSOFT: "tenant_id", _Kind.OIDC: "issuer"}
    return {
        name: "This kind of connection has no use for it."
        for other, name in fields.items()
        if other != kind and getattr(said, name)
    }


_TENANT = (
    "Enter the directory (tenant) ID as Entra shows it, such as "
    "72f988bf-86f1-41af-91ab-2d7cd011db47. The one of private accounts is not accepted."
)
_ISSUER = "The issuer must begin with https:// and have no ? or #."
