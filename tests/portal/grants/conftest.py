"""A case at Acme about one integration, and the steps that lead to open access."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from portal.catalog.models import Field, Integration, Resource
from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.actions.decisions import approve_grant
from portal.grants.actions.requests import endorse_grant, request_grant
from portal.grants.models import Case, Grant
from portal.grants.staff import as_staff
from portal.grants.terms import Consent, Wish
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import Membership, Organization
from tenants.scoping import organization_scope

WHY = "Nightly imports fail since Tuesday; I need to see the error."
BOTH = ("status", "metadata")


def wish(**changes: Any) -> Wish:
    given = {
        "reason_code": "customer_support",
        "justification": WHY,
        "duration": timedelta(days=7),
        "capabilities": BOTH,
    }
    return Wish(**{**given, **changes})


def make_integration(name: str, at: datetime, resources: int = 3) -> Integration:
    integration: Integration = Integration.objects.create(
        kind="dbt_artifacts",
        name=name,
        status="ready",
        created_at=at,
        last_sync_at=at,
        last_error_hint="Could not cast 'ada@acme.test' to integer",
        last_error_code="cast-failed",
    )
    for number in range(resources):
        make_resource(integration, f"orders_{number}")
    return integration


def make_resource(integration: Integration, name: str) -> Resource:
    resource: Resource = Resource.objects.create(
        integration=integration,
        kind="model",
        unique_key=f"model.{integration.name}.{name}",
        name=name,
        sort_key=name,
        schema="shop",
        description="Orders, for example '4711-alpha', of erin@acme.test",
        digest="0" * 64,
        field_count=1,
    )
    Field.objects.create(
        integration=integration, resource=resource, name="id", type="integer", position=1
    )
    return resource


@pytest.fixture
def integration(organization: Organization, at: datetime) -> Integration:
    return make_integration("Shop", at)


@pytest.fixture
def case(
    integration: Integration, sia: Membership, actor_of: Callable[..., Actor], at: datetime
) -> Case:
    return open_case(
        CaseFacts("Imports fail"), actor=actor_of(sia), at=at, integration_ids=[integration.pk]
    )


@pytest.fixture
def staff_of(
    organization: Organization, actor_of: Callable[..., Actor]
) -> Callable[[Membership], Actor]:
    """A member of the vendor's staff, as they stand in Acme."""
    return lambda membership: as_staff(actor_of(membership), organization)


@pytest.fixture
def requested(
    case: Case, sam: Membership, staff_of: Callable[[Membership], Actor], at: datetime
) -> Grant:
    scope = tuple(row.as_scope() for row in case.integrations.all())
    return request_grant(case, actor=staff_of(sam), at=at, wish=wish(scope=scope))


@pytest.fixture
def pending(
    requested: Grant, lea: Membership, staff_of: Callable[[Membership], Actor], at: datetime
) -> Grant:
    return endorse_grant(requested, actor=staff_of(lea), at=at)


@pytest.fixture
def active(pending: Grant, sia: Membership, actor_of: Callable[..., Actor], at: datetime) -> Grant:
    return approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent())


@pytest.fixture
def bearer(actor_of: Callable[..., Actor], at: datetime) -> Callable[..., dict[str, str]]:
    """The header of a fresh personal token with every right its holder has."""

    def build(membership: Membership) -> dict[str, str]:
        actor = actor_of(membership)
        with organization_scope(membership.organization_id):
            _token, text = issue_token(
                actor=actor,
                at=at,
                name="test",
                kind="personal",
                scopes=sorted(actor.permissions),
                lasts=timedelta(days=1),
            )
        return {"authorization": f"Bearer {text}"}

    return build
