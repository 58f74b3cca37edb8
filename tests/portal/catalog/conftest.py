"""What the tests of the catalogue share: an integration, files to import, and the worker's part."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile, File
from django.test import Client
from django.utils import timezone

from portal.catalog.actions import create_integration, start_import
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import ImportRun, Integration
from portal.catalog.rules import UploadKind
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import Membership, Organization, Team, TeamMember
from tenants.scoping import organization_scope

OLIST = Path(__file__).resolve().parents[2] / "data" / "dbt-olist"
Artifact = dict[str, Any]


def olist(name: str) -> Artifact:
    content: Artifact = json.loads((OLIST / name).read_text())
    return content


def as_file(content: Artifact | str | bytes) -> "File[bytes]":
    if isinstance(content, dict):
        content = json.dumps(content)
    return ContentFile(content.encode() if isinstance(content, str) else content)


def both(
    manifest: Artifact | str | bytes | None = None, catalog: Artifact | str | bytes | None = None
) -> "dict[UploadKind, File[bytes]]":
    return {
        UploadKind.MANIFEST: as_file(olist("manifest.json") if manifest is None else manifest),
        UploadKind.CATALOG: as_file(olist("catalog.json") if catalog is None else catalog),
    }


def do_import(
    integration: Integration, *, actor: Actor, sent: "dict[UploadKind, File[bytes]]"
) -> ImportRun:
    """File the import and do the worker's part at once."""
    run = start_import(integration, actor=actor, at=timezone.now(), sent=sent)
    carry_out(run.pk)
    run.refresh_from_db()
    return run


def make_integration(membership: Membership, actor: Actor, name: str = "Warehouse") -> Integration:
    with organization_scope(membership.organization_id):
        return create_integration(actor=actor, at=timezone.now(), name=name)


def make_team(organization: Organization, name: str, *members: Membership) -> Team:
    with organization_scope(organization.pk):
        team: Team = Team.objects.create(name=name, created_at=timezone.now())
        for member in members:
            TeamMember.objects.create(team=team, membership=member)
    return team


@pytest.fixture
def max_actor(max_: Membership, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(max_)


@pytest.fixture
def integration(max_: Membership, max_actor: Actor) -> Integration:
    return make_integration(max_, max_actor)


@pytest.fixture
def ned_integration(ned: Membership, actor_of: Callable[..., Actor]) -> Integration:
    return make_integration(ned, actor_of(ned), "Their warehouse")


@pytest.fixture
def imported(integration: Integration, max_actor: Actor) -> Integration:
    with organization_scope(integration.organization_id):
        run = do_import(integration, actor=max_actor, sent=both())
        assert run.status == "finished", run.error_message
        integration.refresh_from_db()
    return integration


def stream(content: Artifact | str | bytes) -> io.BytesIO:
    return io.BytesIO(as_file(content).read())


@pytest.fixture
def call(actor_of: Callable[..., Actor]) -> Callable[..., Any]:
    """Calls the API with a new token of the member that holds everything they may."""

    def send(person: Membership, method: str, path: str, **options: Any) -> Any:
        with organization_scope(person.organization_id):
            actor = actor_of(person)
            _token, text = issue_token(
                actor=actor,
                at=timezone.now(),
                name="test",
                scopes=actor.permissions,
                lasts=timedelta(days=1),
            )
        headers = {"Authorization": f"Bearer {text}", **options.pop("headers", {})}
        return getattr(Client(), method)(f"/api/v1/{path}", headers=headers, **options)

    return send
