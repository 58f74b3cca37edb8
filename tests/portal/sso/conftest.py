"""Two organizations with real connections, and browsers that come back with what a test forges."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.core.cache import cache as django_cache
from django.test import Client
from django.utils import timezone
from lxml import etree

from portal.sso import dns as lookups
from portal.sso.actions import (
    activate_connection,
    claim_domain,
    create_connection,
    describe_identity_provider,
    pass_test,
    verify_domain,
)
from portal.sso.configuration import configuration_digest
from portal.sso.connecting import acs_url_of, entity_id_of
from portal.sso.development.keys import SigningKey, make_key
from portal.sso.development.requests import AuthnRequest, read_request
from portal.sso.development.responses import Statement, build_response, encode, sign_assertion
from portal.sso.models import Connection, Domain, SealedDoor
from portal.sso.saml.idp_metadata import IdentityProvider
from tenants.access import Actor, system_actor
from tenants.actions.tokens import issue_token
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member
from tests.portal.sso.emergencies import recovery_codes_of, sealed_for
from tests.portal.sso.nameserver import Nameserver, serving
from tests.portal.sso.passwords import give_second_factor


@cache
def key_of(name: str) -> SigningKey:
    return make_key(name)


@pytest.fixture(autouse=True)
def _no_memory_of_attempts() -> None:
    django_cache.clear()


@dataclass(frozen=True)
class Idp:
    """An identity provider under the test's control."""

    connection: Connection
    key: SigningKey

    @property
    def issuer(self) -> str:
        return f"https://idp.{self.connection.organization.slug}.test/metadata"

    def statement(self, request_id: str = "_request", **changes: Any) -> Statement:
        at: datetime = changes.pop("at", timezone.now())
        values: dict[str, Any] = {
            "issuer": self.issuer,
            "audience": entity_id_of(self.connection.pk),
            "acs_url": acs_url_of(self.connection.pk),
            "request_id": request_id,
            "subject": "erin-0001",
            "email": f"erin@{self.connection.organization.slug}.test",
            "name": "Erin Malone",
            "at": at,
            "authenticated_at": at,
        }
        return Statement(**{**values, **changes})

    def response(self, request_id: str = "_request", **changes: Any) -> etree._Element:
        """Signed and true, but for `changes`."""
        built = build_response(self.statement(request_id, **changes))
        sign_assertion(built, self.key)
        return built


def connect(organization: Organization, *, domain: str = "", active: bool = True) -> Idp:
    """A connection made by the real actions, with a proven domain."""
    key = key_of(organization.slug)
    actor, at = system_actor(organization), timezone.now()
    with organization_scope(organization.pk):
        claimed = claim_domain(actor=actor, at=at, name=domain or f"{organization.slug}.test")
        verify_domain(claimed, actor=actor, at=at, records=[claimed.dns_record])
        connection = create_connection(actor=actor, at=at, name="Our IdP")
        connection = describe_identity_provider(
            connection,
            actor=actor,
            provider=IdentityProvider(
                entity_id=f"https://idp.{organization.slug}.test/metadata",
                sso_url=f"https://idp.{organization.slug}.test/sso",
                certificates=(key.certificate_pem.decode(),),
            ),
        )
        if active:
            digest = configuration_digest(connection)
            connection = pass_test(connection, actor=actor, at=at, digest=digest)
            connection = activate_connection(connection, actor=actor, at=at)
    connection.organization = organization  # outside its scope the row cannot be read again
    return Idp(connection, key)


@pytest.fixture
def acme_idp(organization: Organization) -> Idp:
    return connect(organization)


@pytest.fixture
def globex_idp(other_organization: Organization) -> Idp:
    return connect(other_organization)


class Browser(Client):
    """A browser on its way through a connection."""

    def begin(self, idp: Idp, goal: str = "") -> AuthnRequest:
        """Press the button; read the AuthnRequest from the redirect."""
        response = self.post(f"/sso/{idp.connection.pk}/start/", {"next": goal})
        assert response.status_code == 302, response.content
        sent = parse_qs(urlsplit(response["Location"]).query)["SAMLRequest"][0]
        return read_request(sent)

    def bring(self, idp: Idp, response: etree._Element | str, **fields: str) -> Any:
        """Post to the ACS as the identity provider's page would, then follow to the finish."""
        posted = self.post_to_acs(idp, response, **fields)
        return self.get(posted["Location"]) if posted.status_code == 302 else posted

    def post_to_acs(self, idp: Idp, response: etree._Element | str, **fields: str) -> Any:
        encoded = response if isinstance(response, str) else encode(response)
        return self.post(
            f"/sso/{idp.connection.pk}/acs/",
            "&".join(f"{k}={_quoted(v)}" for k, v in {"SAMLResponse": encoded, **fields}.items()),
            content_type="application/x-www-form-urlencoded",
        )

    def sign_in(self, idp: Idp, goal: str = "", **changes: Any) -> Any:
        asked = self.begin(idp, goal)
        return self.bring(idp, idp.response(asked.id, **changes))

    @property
    def is_signed_in(self) -> bool:
        return "_auth_user_id" in self.session


def _quoted(value: str) -> str:
    return quote(value, safe="")


@pytest.fixture
def browser() -> Browser:
    return Browser()


@pytest.fixture
def new_browser() -> Callable[[], Browser]:
    return Browser


@pytest.fixture
def sending(django_capture_on_commit_callbacks: Any) -> Callable[[], Any]:
    """Mail leaves after the commit, which a test's transaction never reaches by itself."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


@pytest.fixture
def ada_with_code(ada: Membership) -> Membership:
    give_second_factor(ada)
    return ada


@pytest.fixture
def ada_twice(ada_with_code: Membership, other_organization: Organization) -> Membership:
    """Ada is a viewer at Globex too."""
    with organization_scope(other_organization.pk):
        return Membership.objects.create(
            user=ada_with_code.user,
            name=ada_with_code.name,
            email=ada_with_code.email,
            role="viewer",
            source="invitation",
            joined_at=timezone.now(),
        )


@pytest.fixture
def nameserver(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nameserver]:
    """Who the product asks about domains; what does not answer is waited for briefly."""
    monkeypatch.setattr(lookups, "PATIENCE", 0.6)
    with serving() as server:
        settings.DNS_RESOLVERS = [server.address]
        yield server


@pytest.fixture
def claimed(organization: Organization, at: datetime) -> Domain:
    return claim_domain(actor=system_actor(organization), at=at, name="acme.example")


@pytest.fixture
def proven(organization: Organization, claimed: Domain, at: datetime) -> Domain:
    actor = system_actor(organization)
    return verify_domain(claimed, actor=actor, at=at, records=[claimed.dns_record])


@pytest.fixture
def call_as(
    actor_of: Callable[..., Actor], client_of: Callable[..., Client], at: datetime
) -> Callable[..., Callable[..., Any]]:
    """Reads the API with a token of this member."""

    def build(member: Membership, scopes: list[str]) -> Callable[..., Any]:
        client_of(member)  # a session that has just stepped up
        _token, text = issue_token(
            actor=actor_of(member), at=at, name="ci", scopes=scopes, lasts=timedelta(days=1)
        )
        client = Client(headers={"Authorization": f"Bearer {text}"})
        return lambda path, **query: client.get(f"/api/v1/{path}", query)

    return build


@pytest.fixture
def olga(organization: Organization) -> Membership:
    """A second owner."""
    return make_member(organization, "Olga Petrova", BuiltInRole.OWNER)


@pytest.fixture
def sealed(ada: Membership, actor_of: Callable[..., Actor]) -> tuple[SealedDoor, str]:
    """Ada's door by the real actions, and its digest."""
    return sealed_for(ada, actor_of(ada))


@pytest.fixture
def ready(acme_idp: Idp, ada: Membership, olga: Membership, actor_of: Callable[..., Actor]) -> Idp:
    """Everything that the checklist asks for."""
    for owner in (ada, olga):
        recovery_codes_of(owner)
        sealed_for(owner, actor_of(owner))
    return acme_idp
