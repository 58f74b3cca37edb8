"""Every page as a person sees it: no console error, no accessibility fault, no sideways scroll."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from portal.catalog.actions.integrations import create_integration
from portal.directory.actions import issue_directory_token
from portal.grants.actions.cases import CaseFacts, open_case
from portal.sso.models import Domain
from portal.tickets.actions import file_revocation
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization
from tests.chromium import Window
from tests.portal.directory.conftest import Directory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PHONE = 390
LOOKS = [("light", 1360), ("dark", 1360), ("light", PHONE)]
PAGES = [
    "/o/acme/",
    "/o/acme/requests/",
    "/o/acme/requests/?view=open&person=leo",
    "/o/acme/requests/board/",
    "/o/acme/requests/report/",
    "/o/acme/requests/REV-1001/",
    "/o/acme/requests/delete/",
    "/o/acme/members/",
    "/o/acme/members/leavers/",
    "/o/acme/invitations/",
    "/o/acme/teams/",
    "/o/acme/roles/",
    "/o/acme/tokens/",
    "/o/acme/tokens/?all=1",
    "/o/acme/service-accounts/",
    "/o/acme/integrations/",
    "/o/acme/integrations/new/",
    "/o/acme/integrations/new/?kind=postgresql",
    "/o/acme/catalog/",
    "/o/acme/catalog/?q=orders&kind=nothing",
    "/o/acme/cases/",
    "/o/acme/cases/CASE-101/",
    "/o/acme/access/",
    "/o/acme/directory/",
    "/o/acme/directory/people/",
    "/o/acme/directory/groups/",
    "/o/acme/directory/held/",
    "/o/acme/directory/calls/",
    "/o/acme/directory/tokens/new/",
    "/o/acme/sso/",
    "/o/acme/sso/policy/",
    "/o/acme/sso/policy/change/",
    "/o/acme/sso/policy/rehearsal/",
    "/o/acme/sso/policy/enforce/",
    "/o/acme/sso/break-glass/",
    "/o/acme/sso/attempts/",
    "/o/acme/sso/domains/",
    "/o/acme/audit/",
    "/o/acme/audit/checkpoints/",
    "/o/acme/audit/period/?from=2020-01-01&to=2040-01-01&seed=x",
    "/o/acme/downstream-systems/",
    "/o/acme/downstream-systems/new/",
    "/o/acme/downstream-systems/new/?kind=callback",
    "/o/acme/settings/",
    "/o/acme/settings/change/",
    "/o/acme/waiting/",
    "/o/acme/search/?q=mia",
    "/account/",
    "/account/devices/",
    "/workspaces/",
]
# Seventy operations on one page: its rules take long, and are looked at once.
REFERENCE = "/api/v1/"


@pytest.fixture
def ada(actor_of: Callable[..., Actor]) -> Membership:
    """Acme with something on every page."""
    acme = make_organization("acme", name="Acme Health")
    owner = make_member(acme, "Ada Okafor", BuiltInRole.OWNER)
    leaver = make_member(acme, "Leo Marsh", BuiltInRole.EDITOR)
    make_member(acme, "Mia Castellan", BuiltInRole.VIEWER)
    actor = actor_of(owner)
    with organization_scope(acme.pk):
        made = create_integration(actor=actor, at=now(), name="Olist warehouse")
        file_revocation(leaver, actor=actor, at=now(), reason="Last day")
        facts = CaseFacts(title="Row counts look wrong", description="Since Tuesday.")
        open_case(facts, actor=actor, at=now(), integration_ids=[made.pk])
        fill_directory(actor)
    return owner


def fill_directory(actor: Actor) -> None:
    """A token in use, a person, a group, and somebody who has left."""
    Domain.objects.create(name="acme.test", token="t", created_at=now(), verified_at=now())
    _row, text = issue_directory_token(
        actor=actor, at=now(), name="Okta", lasts=timedelta(days=365)
    )
    idp = Directory(text)
    erin, left = idp.add("erin"), idp.add("lou")
    idp.add_group("Analysts", erin)
    idp.patch(f"/Users/{left['id']}", {"op": "replace", "value": {"active": False}})


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_pages_are_sound(ada: Membership, window: Any, theme: str, width: int) -> None:
    seen: Window = window(ada, theme=theme, width=width)

    pages = [*PAGES, REFERENCE] if (theme, width) == LOOKS[0] else PAGES
    faults = {path: found for path in pages if (found := _faults(seen, path))}

    assert faults == {}
    assert seen.complaints == []


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_way_in_is_sound(db: None, window: Any, theme: str, width: int) -> None:
    seen: Window = window(theme=theme, width=width)

    faults = {
        path: found
        for path in ("/", "/password/forgotten/", "/sign-in/break-glass/")
        if (found := _faults(seen, path))
    }

    assert faults == {}
    assert seen.complaints == []


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_a_policy_is_changed_after_a_look(
    ada: Membership, window: Any, theme: str, width: int
) -> None:
    seen: Window = window(ada, theme=theme, width=width)
    page = seen.open("/o/acme/settings/change/")

    page.get_by_label("People who must approve diagnostic access").fill("3")
    page.get_by_label("Open this workspace only from these addresses").fill("127.0.0.1\n::1")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("and 3 are needed")).to_be_visible()
    faults = _faults_of(page)
    page.get_by_role("button", name="Put in force").click()

    expect(page.get_by_text("127.0.0.1, ::1")).to_be_visible()
    assert faults == []
    assert seen.complaints == []


def _accessibility(page: Page) -> list[str]:
    """The markup is the same in every look: all rules once, the colours in the dark."""
    if (page.viewport_size or {"width": 0})["width"] <= PHONE:
        return []
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    rules = {"runOnly": ["color-contrast"]} if is_dark else {}
    return [
        f"{rule['id']}: {rule['nodes'][0]['html'][:160]}"
        for rule in Axe().run(page, options=rules).response["violations"]
    ]


def _faults(seen: Window, path: str) -> list[str]:
    return _faults_of(seen.open(path))


def _faults_of(page: Page) -> list[str]:
    found = _accessibility(page)
    if page.title() == "" or page.locator("h1").count() != 1:
        found.append("a page has a title and one heading")
    overflow = page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    if overflow > 0:
        found.append(f"scrolls sideways by {overflow} px")
    return found
