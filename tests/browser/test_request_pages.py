"""Requests about teams, plans, certificates and the vendor's steps, looked at in a browser."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal.fulfilment.keeping import kept_link
from portal.fulfilment.models import Certificate
from portal.fulfilment.running import run_ticket
from portal.tickets.actions import file_deletion, file_revocation
from portal.tickets.disposing import Choice, Do, Thing
from portal.tickets.models import Step, Ticket
from portal.tickets.rules import Scope
from portal.tickets.subjects import Wish
from portal.tickets.team_revoking import revoke_team
from tenants.access import Actor
from tenants.actions.teams import add_team_member, create_team
from tenants.clock import now
from tenants.models import Membership, Policy
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.browser.test_pages import LOOKS, _faults
from tests.cast import make_machine, make_member, make_organization
from tests.chromium import Window
from tests.portal.fulfilment.conftest import _ledger_of_its_own, make_integration

__all__ = ["_ledger_of_its_own"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def requested(actor_of: Callable[..., Actor]) -> tuple[Membership, list[str]]:
    """A team to revoke and one revoked, somebody with a plan, and an erased integration."""
    acme = make_organization("acme", name="Acme Health")
    ada, max_, mia, leo = (
        make_member(acme, name, role)
        for name, role in (
            ("Ada Okafor", BuiltInRole.OWNER),
            ("Max Lindqvist", BuiltInRole.ADMIN),
            ("Mia Castellan", BuiltInRole.EDITOR),
            ("Leo Marsh", BuiltInRole.VIEWER),
        )
    )
    actor = actor_of(ada)
    with organization_scope(acme.pk):
        Policy.objects.update(cooling_off=timedelta(0))
        teams = [create_team(actor=actor, at=now(), name=name) for name in ("Finance", "Loaders")]
        for team, people in zip(teams, ((ada, max_), (ada, leo)), strict=True):
            for one in people:
                add_team_member(team, actor=actor, membership=one)
        lake = make_integration(mia, now(), name="Olist warehouse", size=1)
        make_integration(max_, now(), name="Old lake", size=1)
        make_machine(max_, role="viewer", name="Nightly import")
        planned = file_revocation(
            mia, actor=actor, at=now(), plan=[Choice(Thing.INTEGRATION, lake.pk, Do.PAUSE)]
        )
        whole = revoke_team(teams[1], actor=actor, at=now())
        gone = make_integration(ada, now(), name="Gone lake", size=3)
        erased = file_deletion(
            Wish(Scope.INTEGRATION, integration_id=gone.pk), actor=actor, at=now(),
            confirmation="Gone lake",
        )  # fmt: skip
        for _turn in range(20):
            run_ticket(erased.pk)
            run_ticket(erased.pk, bulk=True)
    base = "/o/acme/requests"
    return ada, [
        f"/o/acme/teams/{teams[0].pk}/",
        f"/o/acme/teams/{teams[0].pk}/revoke/",
        f"{base}/{whole.number}/",
        f"{base}/revoke/?member={max_.pk}",
        f"{base}/{planned.number}/",
        f"{base}/{erased.number}/certificate/",
        "/o/acme/waiting/",
    ]


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_pages_of_requests_are_sound(
    requested: tuple[Membership, list[str]], window: Any, theme: str, width: int
) -> None:
    ada, pages = requested
    seen: Window = window(ada, theme=theme, width=width)
    assert {page: found for page in pages if (found := _faults(seen, page))} == {}
    with organization_scope(ada.organization_id):
        # As if it were the closing of the workspace: the page for whoever kept the letter.
        erased = Certificate.objects.get().ticket
        Ticket.objects.filter(pk=erased.pk).update(scope=Scope.CLOSE)
        kept = f"/certificates/{kept_link(erased)}/"
    assert _faults(seen, kept) == []
    assert seen.complaints == []


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_vendors_pages_of_steps_are_sound(
    requested: tuple[Membership, list[str]], window: Any, theme: str, width: int
) -> None:
    ada, _pages = requested
    with organization_scope(ada.organization_id):
        step = Step.objects.filter(ticket__subject_label="Mia Castellan").order_by("position")[0]
        Ticket.objects.filter(pk=step.ticket_id).update(status="blocked", started_at=now())
        Step.objects.filter(pk=step.pk).update(status="blocked", error_code="storage-busy")
    vendor = make_organization("gatehouse", name="Gatehouse", kind="vendor")
    ola = make_member(vendor, "Ola Operator", BuiltInRole.OPERATOR)
    seen: Window = window(ola, theme=theme, width=width)
    pages = ["/console/steps/", f"/console/steps/{step.pk}/"]
    assert {page: found for page in pages if (found := _faults(seen, page))} == {}
    assert seen.complaints == []
