"""Organizations connected to a real OpenID provider, and browsers that go there and come back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from portal.sso.actions import (
    activate_connection,
    claim_domain,
    create_connection,
    describe_openid,
    pass_test,
    verify_domain,
)
from portal.sso.configuration import configuration_digest
from portal.sso.models import Connection, Domain
from portal.sso.oidc import fetching
from portal.sso.oidc.describing import Description
from tenants.access import system_actor
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.portal.sso.openid.op import SECRET, Issuer, OpenIDProvider

TENANT = "0f6c1d5e-9f1b-4c64-9d7a-6c1e2a3b4c5d"
OTHER_TENANT = "7d1f0a44-3f0e-4c39-8a53-0d6a3d2f1b90"
OBJECT = "5a1b2c3d-0000-4000-8000-1234567890ab"


@pytest.fixture(autouse=True)
def _no_memory_of_attempts_or_providers() -> None:
    cache.clear()


@pytest.fixture
def op(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[OpenIDProvider]:
    """Ours are the rules of the client; only where names lead and whom it trusts is the test's."""
    provider = OpenIDProvider(tmp_path)
    monkeypatch.setattr(fetching, "_client", provider.client)
    monkeypatch.setattr(fetching, "SECONDS", 1.0)
    settings.GOOGLE_ISSUER = f"{provider.origin}/google"
    settings.MICROSOFT_AUTHORITY = f"{provider.origin}/microsoft"
    for name in ("GOOGLE", "MICROSOFT"):
        setattr(settings, f"{name}_CLIENT_ID", "gatehouse")
        setattr(settings, f"{name}_CLIENT_SECRET", SECRET)
    yield provider
    provider.close()


@dataclass(frozen=True)
class Connected:
    """A connection in use, and the provider behind it."""

    connection: Connection
    issuer: Issuer


def own_domain(organization: Organization, name: str = "") -> None:
    actor, at = system_actor(organization), timezone.now()
    name = name or f"{organization.slug}.test"
    if not Domain.objects.filter(name=name).exists():
        claimed = claim_domain(actor=actor, at=at, name=name)
        verify_domain(claimed, actor=actor, at=at, records=[claimed.dns_record])


def connect(
    organization: Organization, kind: str, description: Description, *, active: bool = True
) -> Connection:
    actor, at = system_actor(organization), timezone.now()
    with organization_scope(organization.pk):
        own_domain(organization)
        connection = create_connection(actor=actor, at=at, name=f"By {kind}", kind=kind)
        connection = describe_openid(connection, actor=actor, description=description)
        if active:
            digest = configuration_digest(connection)
            connection = pass_test(connection, actor=actor, at=at, digest=digest)
            connection = activate_connection(connection, actor=actor, at=at)
    connection.organization = organization  # outside its scope the row cannot be read again
    return connection


def person(organization: Organization, **claims: Any) -> dict[str, Any]:
    return {
        "sub": "erin-0001",
        "email": f"erin@{organization.slug}.test",
        "email_verified": True,
        "name": "Erin Malone",
        **claims,
    }


@pytest.fixture
def connected(op: OpenIDProvider) -> Callable[..., Connected]:
    """Connect an organization by a kind of provider that knows Erin."""

    def make(organization: Organization, kind: str = "oidc", *, active: bool = True) -> Connected:
        domain, slug = f"{organization.slug}.test", organization.slug
        if kind == "google":
            issuer = op.issuer("/google", **person(organization, hd=domain))
            description = Description(hosted_domain=domain)
        elif kind == "microsoft":
            issuer = op.issuer(
                f"/microsoft/{TENANT}/v2.0",
                sub="pairwise",
                tid=TENANT,
                oid=OBJECT,
                preferred_username=f"erin@{domain}",
                name="Erin Malone",
            )
            description = Description(tenant_id=TENANT)
        else:
            issuer = op.issuer(f"/{slug}", **person(organization))
            description = Description(
                issuer=issuer.address, client_id="gatehouse", client_secret=SECRET
            )
        return Connected(connect(organization, kind, description, active=active), issuer)

    return make


class Browser(Client):
    """A browser on its way through an OpenID provider."""

    op: OpenIDProvider
    callback = ""

    def begin(self, connection: Connection, goal: str = "") -> str:
        """Press the button; the address at the provider that it leads to."""
        response = self.post(f"/sso/{connection.pk}/start/", {"next": goal})
        assert response.status_code == 302, response.content
        return str(response["Location"])

    def at_provider(self, address: str) -> dict[str, str]:
        """What the provider sends back through the browser."""
        answer = self.op.client.fetch(address)
        assert answer.status == 302, answer
        back = urlsplit(answer.headers["Location"])
        assert back.netloc == "testserver"
        self.callback = back.path
        return dict(parse_qsl(back.query))

    def come_back(self, connection: Connection, sent: dict[str, str]) -> Any:
        """To where the provider sent this browser, or else to the connection's own address."""
        return self.get(f"{self.callback or f'/sso/{connection.pk}/callback/'}?{urlencode(sent)}")

    def sign_in(self, connection: Connection, goal: str = "", **changes: str) -> Any:
        sent = self.at_provider(self.begin(connection, goal))
        return self.come_back(connection, {**sent, **changes})

    @property
    def is_signed_in(self) -> bool:
        return "_auth_user_id" in self.session


@pytest.fixture
def new_browser(op: OpenIDProvider) -> Callable[[], Browser]:
    def make() -> Browser:
        browser = Browser()
        browser.op = op
        return browser

    return make


@pytest.fixture
def browser(new_browser: Callable[[], Browser]) -> Browser:
    return new_browser()
