"""A caller of the API: a real token in the header, and answers held to the one problem shape."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import ApiToken, Membership
from tenants.permissions import Permission
from tenants.scoping import organization_scope

ROOT = "/api/v1/"


@dataclass
class Caller:
    """Calls the API as one token's holder."""

    text: str
    token: ApiToken
    client: Client = field(default_factory=Client)

    def get(self, path: str, **headers: str) -> HttpResponse:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return self.send("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> HttpResponse:
        return self.send("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> HttpResponse:
        return self.send("DELETE", path, **headers)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        raw = body if isinstance(body, bytes) else b"" if body is None else _json(body)
        headers.setdefault("Authorization", f"Bearer {self.text}")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(
            method, ROOT + path, raw, content_type="application/json", headers=named
        )


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def problem(answer: HttpResponse, status: int) -> dict[str, Any]:
    """The answer's body, held to RFC 9457 and to our additions."""
    assert answer.status_code == status, answer.content[:500]
    assert answer["Content-Type"] == "application/problem+json"
    said: dict[str, Any] = json.loads(answer.content)
    assert {"type", "title", "status", "code", "detail", "instance"} <= set(said)
    assert said["status"] == status
    assert said["detail"]
    return said


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def caller_of(actor_of: Callable[..., Actor]) -> Callable[..., Caller]:
    def build(membership: Membership, *scopes: Permission, **options: Any) -> Caller:
        actor = actor_of(membership)
        with organization_scope(membership.organization_id):
            token, text = issue_token(
                actor=actor,
                at=timezone.now(),
                name="tests",
                scopes=scopes or actor.permissions,
                lasts=timedelta(days=1),
                **options,
            )
        return Caller(text, token)

    return build
