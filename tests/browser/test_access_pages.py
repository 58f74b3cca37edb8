"""Roles and answers about access as an admin sees them; a change looked at before it is made."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.catalog.actions import create_integration, set_team_access
from portal.catalog.models import Resource
from portal.catalog.synthetic import make_resources
from tenants.access import Actor
from tenants.actions.roles import change_role, create_role
from tenants.actions.teams import add_team_member, create_team
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.browser.test_pages import LOOKS, _faults
from tests.cast import make_member, make_organization
from tests.chromium import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
READS = ["audit:view", "catalog:view", "team:view"]


@pytest.fixture
def world(actor_of: Callable[..., Actor]) -> tuple[Membership, dict[str, str]]:
    """Ada, and the addresses of pages about a role of her own, a source and Mia."""
    acme = make_organization("acme", name="Acme Health")
    ada = make_member(acme, "Ada Okafor", BuiltInRole.OWNER)
    mia = make_member(acme, "Mia Castellan", BuiltInRole.VIEWER)
    actor = actor_of(ada)
    with organization_scope(acme.pk):
        role = create_role(
            actor=actor, name="Log reader", permissions=READS, description="Reads and no more"
        )
        change_role(mia, actor=actor, at=now(), custom_role=role)
        source = create_integration(actor=actor, at=now(), name="Warehouse")
        for _count in make_resources(source, 2, at=now()):
            pass
        team = create_team(actor=actor, at=now(), name="Finance")
        add_team_member(team, actor=actor, membership=mia)
        set_team_access(source, actor=actor, team=team, level="query")
        resource = Resource.objects.first()
        assert resource is not None
    return ada, {
        "roles": "/o/acme/roles/",
        "new": f"/o/acme/roles/new/?copy={role.pk}",
        "role": f"/o/acme/roles/{role.pk}/",
        "change": f"/o/acme/roles/{role.pk}/change/",
        "resource": f"/o/acme/access/resources/{resource.pk}/",
        "source": f"/o/acme/access/integrations/{source.pk}/",
        "person": f"/o/acme/access/members/{mia.pk}/",
        "team": f"/o/acme/teams/{team.pk}/",
        "team people": f"/o/acme/teams/{team.pk}/people/",
        "team permissions": f"/o/acme/teams/{team.pk}/permissions/",
        "team access": f"/o/acme/teams/{team.pk}/access/?q={resource.name}",
    }


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_pages_about_access_are_sound(
    world: tuple[Membership, dict[str, str]], window: Any, theme: str, width: int
) -> None:
    ada, pages = world
    seen: Window = window(ada, theme=theme, width=width)

    assert {page: found for page in pages.values() if (found := _faults(seen, page))} == {}
    assert seen.complaints == []


def test_a_role_is_changed_after_a_look(
    world: tuple[Membership, dict[str, str]], window: Any
) -> None:
    ada, pages = world
    seen: Window = window(ada)
    page = seen.open(pages["change"])

    page.get_by_label("Read the audit log").uncheck()
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("Nothing has happened yet.")).to_be_visible()
    expect(page.get_by_text("Mia Castellan")).to_be_visible()
    expect(page.get_by_text("Read the audit log").first).to_be_visible()
    page.get_by_role("button", name="Change role").click()

    expect(page.get_by_text("The role Log reader was changed.")).to_be_visible()
    assert seen.complaints == []
