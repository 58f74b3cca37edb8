"""allauth's SAML provider, taught to work from a Connection and from verified assertions only."""

from typing import Any

from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from onelogin.saml2.auth import OneLogin_Saml2_Auth

from portal.sso.connecting import app_of, parties_of
from portal.sso.models import Connection
from portal.sso.saml.judge import request_data, settings_of
from portal.sso.saml.profile import VerifiedAssertion


class ConnectionProvider(SAMLProvider):  # type: ignore[misc]
    """One connection. Identity is its provider id and the NameID, nothing the IdP may rename."""

    def __init__(
        self,
        request: HttpRequest,
        connection: Connection,
        verified: VerifiedAssertion | None = None,
    ) -> None:
        super().__init__(request, app=app_of(connection))
        self.connection = connection
        self.verified = verified

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

    def extract_uid(self, data: VerifiedAssertion) -> str:
        return data.subject

    def extract_extra_data(self, data: VerifiedAssertion) -> dict[str, Any]:  # noqa: ARG002
        """Nothing: what is not stored need not be erased."""
        return {}

    def extract_common_fields(self, data: VerifiedAssertion) -> dict[str, Any]:
        return {"email": data.email, "name": data.name, "email_verified": True}
