"""A foreign IdP, and an organization connected to it by exchanging metadata."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from portal.sso.actions import (
    activate_connection,
    claim_domain,
    create_connection,
    describe_identity_provider,
    pass_test,
    verify_domain,
)
from portal.sso.configuration import configuration_digest
from portal.sso.models import Connection
from portal.sso.saml.idp_metadata import read_metadata
from tenants.access import system_actor
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.foreign.identity_provider import SimpleSaml
from tests.foreign.person import PersonAtIdp, Shown

FORM = "application/x-www-form-urlencoded"


def connect(
    organization: Organization, idp: SimpleSaml, *, domain: str, **choices: Any
) -> Connection:
    """Each side takes in the other's metadata; `choices` are ours about the connection."""
    actor, at = system_actor(organization), timezone.now()
    with organization_scope(organization.pk):
        claimed = claim_domain(actor=actor, at=at, name=domain)
        verify_domain(claimed, actor=actor, at=at, records=[claimed.dns_record])
        connection = describe_identity_provider(
            create_connection(actor=actor, at=at, name="SimpleSAMLphp"),
            actor=actor,
            provider=read_metadata(idp.metadata()),
        )
        for name, value in choices.items():
            setattr(connection, name, value)
        connection.save(update_fields=list(choices))
        digest = configuration_digest(connection)
        connection = pass_test(connection, actor=actor, at=at, digest=digest)
        connection = activate_connection(connection, actor=actor, at=at)
    hand_over_metadata(connection, idp)
    connection.organization = organization
    return connection


def hand_over_metadata(connection: Connection, idp: SimpleSaml) -> None:
    answer = Client().get(f"/sso/{connection.pk}/metadata/")
    assert answer.status_code == 200
    idp.trust(answer.content, str(connection.pk))


@pytest.fixture
def connection(organization: Organization, foreign_idp: SimpleSaml) -> Connection:
    return connect(organization, foreign_idp, domain="acme.test")


@dataclass
class Journey:
    """One person with one browser, between Gatehouse and the IdP."""

    connection: Connection
    client: Client
    person: PersonAtIdp

    @classmethod
    def of(cls, connection: Connection, idp: SimpleSaml) -> "Journey":
        return cls(connection, Client(), PersonAtIdp(idp.trusting))

    def leave(self) -> Shown:
        """From Gatehouse's start page to the IdP's first page."""
        return self.go(self.client.post(f"/sso/{self.connection.pk}/start/"))

    def go(self, sent: Any) -> Shown:
        """Follow a redirect to the IdP, or press the button of the page that posts there."""
        if sent.status_code == 302:
            return self.person.open(sent["Location"])
        form = Shown("", sent.status_code, sent.content.decode()).form("SAMLRequest")
        return self.person.open(form.action, form.fields)

    def come_back(self, shown: Shown) -> Any:
        """Post the IdP's answer to our ACS as its page would, and follow to the end."""
        form = shown.form("SAMLResponse")
        path = form.action.removeprefix("http://testserver")
        posted = self.client.post(path, urlencode(form.fields), content_type=FORM)
        return self.client.get(posted["Location"]) if posted.status_code == 302 else posted

    def sign_in(self, uid: str) -> Any:
        return self.come_back(self.person.sign_in(self.leave(), uid))


@pytest.fixture
def new_journey(connection: Connection, foreign_idp: SimpleSaml) -> Callable[[], Journey]:
    return lambda: Journey.of(connection, foreign_idp)


@pytest.fixture
def journey(new_journey: Callable[[], Journey]) -> Journey:
    return new_journey()
