"""Acme under diagnostic access, as several browser tests need it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.actions.decisions import approve_grant
from portal.grants.actions.requests import endorse_grant, request_grant
from portal.grants.staff import as_staff
from portal.grants.terms import Consent, Wish
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization, make_ready
from tests.portal.grants.conftest import make_integration

Cast = tuple[Membership, Membership]


@pytest.fixture
def support_cast(actor_of: Callable[..., Actor]) -> Cast:
    """Sia at Acme, and Sam of support, who may read the metadata of one integration."""
    acme = make_organization("acme", name="Acme Health")
    meridian = make_organization("meridian", name="Meridian Data", kind="vendor")
    sia = make_member(acme, "Sia Fernandes", BuiltInRole.SECURITY_OFFICER)
    sam = make_ready(make_member(meridian, "Sam Rivera", BuiltInRole.SUPPORT_ENGINEER))
    lea = make_ready(make_member(meridian, "Lea Brandt", BuiltInRole.SUPPORT_LEAD))
    at = now()
    with organization_scope(acme.pk):
        source = make_integration("Shop", at)
        by = actor_of(sia)
        case = open_case(CaseFacts("Imports fail"), actor=by, at=at, integration_ids=[source.pk])
        wish = Wish(
            reason_code="customer_support",
            justification="Nightly imports fail since Tuesday; I need to see the error.",
            duration=timedelta(days=1),
            capabilities=("status", "metadata"),
            scope=tuple(row.as_scope() for row in case.integrations.all()),
        )
        grant = request_grant(case, actor=as_staff(actor_of(sam), acme), at=at, wish=wish)
        grant = endorse_grant(grant, actor=as_staff(actor_of(lea), acme), at=at)
        approve_grant(grant, actor=by, at=at, consent=Consent())
    return sia, sam
