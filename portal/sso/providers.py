"""allauth's providers, taught to work from a Connection and from what was proven only."""

from typing import Any

from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from onelogin.saml2.auth import OneLogin_Saml2_Auth

from portal.sso.connecting import app_of, parties_of
from portal.sso.identity import Identity
from portal.sso.models import Connection
from portal.sso.saml.judge import request_data, settings_of


class Vouching:
    """One connection, and whom it vouches for. Mixed into a provider of allauth.

    Identity is the connection's provider id and the subject, nothing the provider may rename.
    """

    connection: Connection
    identity: Identity | None

    def extract_uid(self, data: Identity) -> str:
        return data.subject

    def extract_extra_data(self, data: Identity) -> dict[str, Any]:  # noqa: ARG002
        """Nothing: what is not stored need not be erased."""
        return {}

    def extract_common_fields(self, data: Identity) -> dict[str, Any]:
        return {"email": data.email, "name": data.name, "email_verified": True}


class SamlConnectionProvider(Vouching, SAMLProvider):  # type: ignore[misc]
    """A SAML connection."""

    def __init__(
        self, request: HttpRequest, connection: Connection, identity: Identity | None = None
    ) -> None:
        super().__init__(request, app=app_of(connection))
        self.connection = connection
        self.identity = identity

    def sends_to(self) -> str:
        """The address of the identity provider that the browser is sent to."""
        return str(self.connection.idp_sso_url)

    def redirect(
        self,
        request: HttpRequest,
        process: str,
        *,
        next_url: str | None = None,
        data: dict[str, Any] | None = None,
        force: bool = False,
    ) -> HttpResponse:
        """Send the browser to the identity provider; remember the request in its session."""
        parties = parties_of(self.connection)
        auth = OneLogin_Saml2_Auth(request_data(parties), settings_of(parties))
        there = auth.login(return_to="", force_authn=force)
        self.stash_redirect_state(
            request, process, next_url, data, state_id=auth.get_last_request_id()
        )
        return HttpResponseRedirect(there)


ConnectionProvider = SamlConnectionProvider


def provider_for(
    request: HttpRequest, connection: Connection, identity: Identity | None = None
) -> ConnectionProvider:
    """The provider of the connection's kind."""
    return SamlConnectionProvider(request, connection, identity)
