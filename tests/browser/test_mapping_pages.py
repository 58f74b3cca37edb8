"""The mapping pages as an admin sees them, with a mapping, people's groups and a preview."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.sso.actions import create_connection
from portal.sso.actions.mapping import MappingFacts, RuleFacts, set_mapping
from portal.sso.models import SeenClaims
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.browser.test_pages import LOOKS, _faults
from tests.cast import make_member, make_organization
from tests.chromium import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mapped(actor_of: Callable[..., Actor]) -> tuple[Membership, str]:
    """Ada, and the address of the mapping of a connection that people came through."""
    acme = make_organization("acme", name="Acme Health")
    ada = make_member(acme, "Ada Okafor", BuiltInRole.OWNER)
    mia = make_member(acme, "Mia Castellan", BuiltInRole.VIEWER)
    actor = actor_of(ada)
    with organization_scope(acme.pk):
        connection = create_connection(actor=actor, at=now(), name="Acme IdP")
        wanted = MappingFacts(
            "role", "groups", is_authoritative=True, rules=[RuleFacts("gh-editors", role="editor")]
        )
        set_mapping(connection, actor=actor, wanted=wanted)
        claims = {"groups": ["everyone", "gh-admins"]}
        SeenClaims.objects.remember(connection, mia, claims, at=now())
    return ada, f"/o/acme/sso/{connection.pk}/mapping/"


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_mapping_pages_are_sound(
    mapped: tuple[Membership, str], window: Any, theme: str, width: int
) -> None:
    ada, path = mapped
    seen: Window = window(ada, theme=theme, width=width)

    pages = (path, f"{path}role/", f"{path}teams/", "/account/passkeys/", "/account/second-factor/")
    assert {page: found for page in pages if (found := _faults(seen, page))} == {}
    assert seen.complaints == []


def test_a_seen_value_is_mapped_with_its_effect_in_view(
    mapped: tuple[Membership, str], window: Any
) -> None:
    ada, path = mapped
    seen: Window = window(ada)
    page = seen.open(path)

    page.get_by_role("link", name="Map to a role gh-admins").click()
    expect(page.get_by_label("Value of rule 2")).to_have_value("gh-admins")
    page.get_by_label("What rule 2 stands for").select_option("admin")
    page.get_by_role("button", name="See whom it changes").click()
    expect(page.get_by_role("cell", name="Viewer → Admin")).to_be_visible()
    page.get_by_role("button", name="Save this mapping").click()

    expect(page.get_by_text("The mapping counts from everybody's next sign-in.")).to_be_visible()
    page.get_by_label("Values of “groups”, one a line").fill("gh-admins\nsomething")
    page.get_by_role("button", name="What would somebody new get?").click()
    expect(page.get_by_role("status").get_by_text("Admin")).to_be_visible()
    assert seen.complaints == []
