"""allauth's providers, taught to work from a Connection and from what was proven only."""

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from allauth.account.models import EmailAddress
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from accounts.models import User
from portal.sso.applying import apply_mappings
from portal.sso.connecting import app_of, parties_of
from portal.sso.identity import Identity
from portal.sso.models import Connection, ConnectionKey
from portal.sso.oidc.applications import issuer_of
from portal.sso.oidc.asking import ask_for_sign_in
from portal.sso.oidc.discovery import discover
from portal.sso.recording import notes_of
from portal.sso.saml.requests import make_request, posted_request, redirect_address
from portal.ui.pages import page
from tenants.clock import now
from tenants.models import Membership


class Vouching:
    """One connection, and whom it vouches for. Mixed into a provider of allauth.

    Identity is the connection's provider id and the subject, nothing the provider may rename.
    """

    connection: Connection
    identity: Identity | None
    request: HttpRequest
    # Whom this browser was let into the workspace as, before the sign-in.
    present: UUID | None = None

    def apply_mappings(self, user: User, *, at: datetime) -> None:
        """After admission, in the sign-in's transaction: the claims' role and teams."""
        member = Membership.objects.filter(user=user).first()
        if self.identity is not None and member is not None:
            checks = apply_mappings(self.connection, member, self.identity, at=at)
            notes = notes_of(self.request)
            notes.checks = (*notes.checks, *checks)

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
        asked = make_request(parties_of(self.connection), at=now(), force=force)
        key = self._signing_key()
        private_key = key.private_key() if key else ""
        self.stash_redirect_state(request, process, next_url, data, state_id=asked.id)
        if self.connection.idp_binding == Connection.Binding.REDIRECT:
            there = redirect_address(asked, self.sends_to(), private_key=private_key)
            return HttpResponseRedirect(there)
        certificate = key.certificate if key else ""
        posted = posted_request(asked, private_key=private_key, certificate=certificate)
        return self._page_that_posts(request, posted)

    def _signing_key(self) -> ConnectionKey | None:
        """Our key in use, unless this identity provider wants no signatures."""
        if not self.connection.signs_requests:
            return None
        keys = ConnectionKey.objects.filter(connection=self.connection)
        found: ConnectionKey | None = keys.current().first()
        return found

    def _page_that_posts(self, request: HttpRequest, saml_request: str) -> HttpResponse:
        """A form that ends at this one identity provider."""
        parts = urlsplit(self.sends_to())
        context = {
            "connection": self.connection,
            "host": parts.netloc,
            "saml_request": saml_request,
        }
        response = page(request, "sso/send.html", context)
        origin = f"{parts.scheme}://{parts.netloc}"
        response._csp_update = {"form-action": [origin]}  # type: ignore[attr-defined]  # noqa: SLF001
        return response


class OpenIDConnectionProvider(Vouching, OpenIDConnectProvider):  # type: ignore[misc]
    """A connection to Google, Microsoft or another OpenID provider."""

    def __init__(
        self, request: HttpRequest, connection: Connection, identity: Identity | None = None
    ) -> None:
        super().__init__(request, app=app_of(connection))
        self.connection = connection
        self.identity = identity

    def extract_email_addresses(self, data: Identity) -> list[EmailAddress]:  # noqa: ARG002
        """None beside the one that was proven."""
        return []

    def sends_to(self) -> str:
        """The address of the identity provider that the browser is sent to."""
        return discover(issuer_of(self.connection)).authorization_endpoint

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
        asking = ask_for_sign_in(self.connection, force=force)
        self.stash_redirect_state(
            request,
            process,
            next_url,
            data,
            state_id=asking.state_id,
            nonce=asking.nonce,
            verifier=asking.verifier,
        )
        return HttpResponseRedirect(asking.address)


ConnectionProvider = SamlConnectionProvider | OpenIDConnectionProvider


def provider_for(
    request: HttpRequest, connection: Connection, identity: Identity | None = None
) -> ConnectionProvider:
    """The provider of the connection's kind."""
    if connection.is_saml:
        return SamlConnectionProvider(request, connection, identity)
    return OpenIDConnectionProvider(request, connection, identity)
