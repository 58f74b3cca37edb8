"""The pages of diagnostic access with something on each, for the customer and for support."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.grants.actions.bundling import make_bundle, send_bundle
from portal.grants.actions.disputing import answer_dispute, open_dispute
from portal.grants.actions.emergency import allow_emergency
from portal.grants.actions.sessions import open_support_session
from portal.grants.door import open_door
from portal.grants.emergency import Allowed
from portal.grants.models import AccessRecord, Case, Grant
from portal.grants.reading import read_resources
from portal.grants.rules import Capability
from portal.grants.staff import as_staff
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership, Organization
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope, system_scope
from tests.browser.test_pages import LOOKS, _faults
from tests.cast import make_member, make_ready
from tests.chromium import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CUSTOMERS = [
    "/o/acme/access/",
    "/o/acme/access/DIA-51/",
    "/o/acme/access/DIA-51/live/",
    "/o/acme/access/DIA-51/log/",
    "/o/acme/access/DIA-51/log/{read}/dispute/",
    "/o/acme/access/disputes/",
    "/o/acme/access/disputes/CASE-102/",
    "/o/acme/access/disputes/CASE-103/",
    "/o/acme/access/report/",
    "/o/acme/access/emergency/",
    "/o/acme/cases/CASE-101/",
    "/o/acme/cases/CASE-101/bundle/",
    "/o/acme/cases/CASE-101/bundles/{bundle}/",
    "/o/acme/cases/CASE-102/",
]
STAFFS = [
    "/console/disputes/",
    "/console/disputes/acme/CASE-102/",
    "/console/disputes/acme/CASE-103/",
    "/console/grants/acme/DIA-51/",
    "/console/grants/acme/DIA-51/statement/",
    "/console/cases/acme/CASE-101/",
    "/console/cases/acme/CASE-101/bundles/{bundle}/",
    "/console/access-report/",
]


@pytest.fixture
def places(
    support_cast: tuple[Membership, Membership], actor_of: Callable[..., Actor]
) -> dict[str, str]:
    """A session with reads, two disputes, an emergency consent, a draft and a sent bundle."""
    sia, sam = support_cast
    acme = sia.organization
    ada = make_member(acme, "Ada Okafor", BuiltInRole.OWNER)
    lead = make_ready(make_member(sam.organization, "Leo Voss", BuiltInRole.SUPPORT_LEAD))
    at, by, engineer = now(), actor_of(sia), as_staff(actor_of(sam), acme)
    with organization_scope(acme.pk):
        grant = Grant.objects.get()
        open_support_session(grant, actor=engineer, at=at)
        with open_door(
            grant.pk, visitor=engineer, at=at, capability=Capability.METADATA, route="pages"
        ) as opening:
            read_resources(opening)
        reads = list(AccessRecord.objects.order_by("label"))
        open_dispute(reads[0], actor=by, at=at, reason="Nobody told us about this table.")
        second = open_dispute(reads[1], actor=by, at=at, reason="Why at night?")
        answer_dispute(
            second, actor=as_staff(actor_of(lead), acme), at=at, answer="The import runs at night."
        )
        case = Case.objects.get(number=101)
        scope = tuple(row.as_scope() for row in case.integrations.all())
        allowed = Allowed(
            lasts=timedelta(days=30),
            longest=timedelta(hours=4),
            reason_codes=("customer_support", "production_alert"),
            capabilities=("status", "metadata"),
            scope=scope,
        )
        allow_emergency(allowed, actor=actor_of(ada), at=at)
        sent = send_bundle(make_bundle(case, actor=by, at=at), actor=by, at=at)
        make_bundle(case, actor=by, at=at)
        return {"read": str(reads[2].pk), "bundle": str(sent.pk)}


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_pages_of_the_customer_are_sound(
    support_cast: tuple[Membership, Membership], places: dict[str, str], window: Any, theme: str,
    width: int,
) -> None:  # fmt: skip
    seen: Window = window(support_cast[0], theme=theme, width=width)

    faults = {path: found for path in CUSTOMERS if (found := _faults(seen, path.format(**places)))}

    assert faults == {}
    assert seen.complaints == []


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_pages_of_the_console_are_sound(
    support_cast: tuple[Membership, Membership], places: dict[str, str], window: Any, theme: str,
    width: int,
) -> None:  # fmt: skip
    seen: Window = window(_lead(), theme=theme, width=width)
    engineer: Window = window(support_cast[1], theme=theme, width=width)

    faults = {path: found for path in STAFFS if (found := _faults(seen, path.format(**places)))}
    faults |= {
        path: found
        for path in ("/console/", "/console/grants/acme/DIA-51/resources/")
        if (found := _faults(engineer, path))
    }

    assert faults == {}
    assert seen.complaints == engineer.complaints == []


def _lead() -> Membership:
    with system_scope("the vendor"):
        vendor = Organization.objects.get(kind=Organization.Kind.VENDOR)
    with organization_scope(vendor.pk):
        return Membership.objects.get(name="Leo Voss")
