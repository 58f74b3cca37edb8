"""An organization with a proven domain, a directory token, and a client that speaks SCIM."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.directory.actions import issue_directory_token
from portal.directory.models import DirectoryUser
from portal.sso.models import Domain
from tenants.access import Actor
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Directory:
    """An identity provider at the other end of the line."""

    def __init__(self, token: str) -> None:
        self.token, self.client = token, Client()

    def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any, HttpResponse]:
        options: dict[str, Any] = {"HTTP_AUTHORIZATION": f"Bearer {self.token}", **headers}
        if body is not None:
            options |= {"data": body if isinstance(body, bytes) else json.dumps(body)}
        options.setdefault("content_type", "application/scim+json")
        response = self.client.generic(method, f"/scim/v2{path}", **options)
        told = json.loads(response.content) if response.content else None
        return response.status_code, told, response

    def get(self, path: str, **headers: str) -> Any:
        status, told, _ = self.call("GET", path, **headers)
        assert status == 200, told
        return told

    def add(self, name: str, **more: Any) -> Any:
        """`erin` becomes erin@acme.test."""
        status, told, _ = self.call("POST", "/Users", self.person(name, **more))
        assert status == 201, told
        return told

    def person(self, name: str, **more: Any) -> dict[str, Any]:
        return {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": f"{name}@acme.test",
            "externalId": f"ext-{name}",
            "name": {"givenName": name.title(), "familyName": "Vos"},
            "emails": [{"value": f"{name}@acme.test", "type": "work", "primary": True}],
            "active": True,
            **more,
        }

    def add_group(self, name: str, *members: Any, **more: Any) -> Any:
        body = {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
            "displayName": name,
            "members": [{"value": one["id"]} for one in members],
            **more,
        }
        status, told, _ = self.call("POST", "/Groups", body)
        assert status == 201, told
        return told

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> tuple[int, Any]:
        body = {"schemas": [PATCH], "Operations": list(operations)}
        status, told, _ = self.call("PATCH", path, body, **headers)
        return status, told

    def members(self, group: Any) -> set[str]:
        told = self.get(f"/Groups/{group['id']}")
        return {one["value"] for one in told.get("members", [])}


@pytest.fixture
def domain(organization: Organization, at: datetime) -> Domain:
    made: Domain = Domain.objects.create(
        name="acme.test", token="proof", created_at=at, verified_at=at
    )
    return made


@pytest.fixture
def token_of(domain: Domain) -> Callable[..., str]:
    def issue(actor: Actor, at: datetime, *, name: str = "Okta") -> str:
        with organization_scope(actor.organization_id):
            _token, text = issue_directory_token(
                actor=actor, at=at, name=name, lasts=timedelta(days=365)
            )
        return text

    return issue


@pytest.fixture
def idp(
    token_of: Callable[..., str],
    ada: Membership,
    actor_of: Callable[..., Actor],
    at: datetime,
) -> Directory:
    return Directory(token_of(actor_of(ada), at))


@pytest.fixture
def row_of() -> Callable[[Any], DirectoryUser]:
    def find(told: Any) -> DirectoryUser:
        found: DirectoryUser = DirectoryUser.objects.select_related("membership").get(pk=told["id"])
        return found

    return find
