"""The vendor's console as staff see it, and the customer's page of what they asked for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.catalog.models import Resource
from portal.grants.acting import Place, change_settings, start_sync
from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.actions.decisions import approve_grant
from portal.grants.actions.requests import endorse_grant, request_grant
from portal.grants.actions.sessions import open_support_session
from portal.grants.staff import as_staff
from portal.grants.terms import Consent, Wish
from portal.tickets.actions import file_revocation
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.browser.test_pages import LOOKS, _faults
from tests.cast import make_member, make_organization, make_ready
from tests.chromium import Window
from tests.portal.grants.conftest import make_integration

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ALL = ("status", "metadata", "run", "settings")
WHY = "Nightly imports fail since Tuesday; I need to see the error."
Pages = list[tuple[str, str]]


@pytest.fixture
def cast(actor_of: Callable[..., Actor]) -> dict[str, Membership]:
    """Sam reads at Acme under DIA-51, and Lea is asked about DIA-52; Acme is asked about DIA-53."""
    acme = make_organization("acme", name="Acme Health")
    meridian = make_organization("meridian", name="Meridian Data", kind="vendor")
    sia = make_member(acme, "Sia Fernandes", BuiltInRole.SECURITY_OFFICER)
    mia = make_member(acme, "Mia Castellan", BuiltInRole.VIEWER)
    sam = make_ready(make_member(meridian, "Sam Rivera", BuiltInRole.SUPPORT_ENGINEER))
    lea = make_ready(make_member(meridian, "Lea Brandt", BuiltInRole.SUPPORT_LEAD))
    opal = make_member(meridian, "Opal Reyes", BuiltInRole.OPERATOR)
    with organization_scope(acme.pk):
        _fill(
            acme, actor_of(sia), as_staff(actor_of(sam), acme), lead=as_staff(actor_of(lea), acme)
        )
        file_revocation(mia, actor=actor_of(make_member(acme, "Ada Okafor", "owner")), at=now())
    return {"sia": sia, "sam": sam, "lea": lea, "opal": opal}


def _fill(acme: Organization, customer: Actor, engineer: Actor, *, lead: Actor) -> None:
    at = now()
    source = make_integration("Shop", at)
    source.kind, source.status = "sqlite", "failing"
    source.connection, source.last_error_at = {"file": "shop.db"}, at
    source.save()
    case = open_case(CaseFacts("Imports fail"), actor=customer, at=at, integration_ids=[source.pk])
    scope = tuple(row.as_scope() for row in case.integrations.all())
    one = Resource.objects.order_by("name")[0]
    wishes = [
        Wish("customer_support", WHY, timedelta(days=7), ALL, scope),
        Wish("customer_support", WHY, timedelta(days=1), ("metadata",), scope),
        Wish("security_review", WHY, timedelta(days=21), ("status", "run"), scope),
    ]
    first, _second, third = [
        request_grant(case, actor=engineer, at=at, wish=wish) for wish in wishes
    ]
    for grant in (first, third):
        endorse_grant(grant, actor=lead, at=at)
    approve_grant(first, actor=customer, at=at, consent=Consent(capabilities=ALL))
    open_support_session(first, actor=engineer, at=at)
    place = Place(first.pk, source.pk, engineer, "test")
    start_sync(place, at=at)
    change_settings(place, at=at, name="Webshop")
    assert one.integration_id == source.pk


def pages_of(cast: dict[str, Membership]) -> dict[str, list[str]]:
    with organization_scope(cast["sia"].organization_id):
        one = Resource.objects.order_by("name")[0]
    here = "/console/grants/acme/DIA-51/"
    return {
        "sam": [
            "/console/",
            "/console/queue/",
            "/console/cases/",
            "/console/cases/new/",
            "/console/cases/acme/CASE-101/",
            "/console/cases/acme/CASE-101/request/",
            "/console/grants/",
            here,
            f"{here}integrations/",
            f"{here}integrations/{one.integration_id}/settings/",
            f"{here}resources/",
            f"{here}resources/{one.pk}/",
            "/console/policy/",
        ],
        "lea": ["/console/", "/console/grants/", "/console/grants/acme/DIA-52/"],
        "opal": ["/console/organizations/", "/console/organizations/new/", "/console/rules/"],
        "sia": ["/o/acme/access/", "/o/acme/access/DIA-51/", "/o/acme/access/DIA-51/log/",
                "/o/acme/access/DIA-53/"],
    }  # fmt: skip


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_pages_of_support_are_sound(
    cast: dict[str, Membership], window: Any, theme: str, width: int
) -> None:
    faults: dict[str, list[str]] = {}
    complaints: list[str] = []
    for who, pages in pages_of(cast).items():
        seen: Window = window(cast[who], theme=theme, width=width)
        faults |= {path: found for path in pages if (found := _faults(seen, path))}
        complaints += seen.complaints

    assert faults == {}
    assert complaints == []
