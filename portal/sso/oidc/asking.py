"""The request that sends a browser to an OpenID provider: state, nonce, and PKCE for every one."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from uuid import UUID

from django.utils.http import urlencode

from portal.sso.models import Connection
from portal.sso.oidc.applications import application_of
from portal.sso.oidc.discovery import discover

SCOPE = "openid email profile"
# Both leave auth_time out unless it is asked for by name.
_AUTH_TIME = '{"id_token":{"auth_time":{"essential":true}}}'
_Kind = Connection.Kind


@dataclass(frozen=True, slots=True)
class Asking:
    """Where the browser goes, and what its session must remember until it is back."""

    address: str
    state_id: str
    nonce: str
    verifier: str


def ask_for_sign_in(connection: Connection, *, force: bool) -> Asking:
    """A new request; with `force` the person proves themselves again. Raises SignInRefused."""
    application = application_of(connection)
    provider = discover(application.issuer)
    nonce, verifier = (secrets.token_urlsafe(32) for _ in range(2))
    state_id = new_state(connection.pk)
    values = {
        "response_type": "code",
        "scope": SCOPE,
        "client_id": application.client_id,
        "redirect_uri": application.redirect_uri,
        "state": state_id,
        "nonce": nonce,
        "code_challenge": code_challenge(verifier),
        "code_challenge_method": "S256",
        **_of_kind(connection),
        **(_afresh(connection) if force else {}),
    }
    joint = "&" if "?" in provider.authorization_endpoint else "?"
    address = f"{provider.authorization_endpoint}{joint}{urlencode(values)}"
    return Asking(address, state_id, nonce, verifier)


def new_state(connection_id: UUID) -> str:
    """Unguessable, and with the connection's id: the vendor's callback serves all of them."""
    return f"{connection_id.hex}.{secrets.token_urlsafe(32)}"


def connection_in(state: str) -> UUID | None:
    """Whose state it says it is. Only the browser's session knows whether that is so."""
    try:
        return UUID(hex=state.partition(".")[0])
    except ValueError:
        return None


def code_challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def _of_kind(connection: Connection) -> dict[str, str]:
    """Offers the right accounts to choose from; what comes back is checked all the same."""
    if connection.kind == _Kind.GOOGLE:
        return {"hd": connection.hosted_domain}
    return {}


def _afresh(connection: Connection) -> dict[str, str]:
    values = {"prompt": "login", "max_age": "0"}
    if connection.kind in (_Kind.GOOGLE, _Kind.MICROSOFT):
        values["claims"] = _AUTH_TIME
    return values
