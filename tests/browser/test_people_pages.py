"""People as an admin sees them: suspended, given an end, changed at once, invited by a list."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.catalog.actions import create_integration
from portal.people.models import InvitationList
from tenants.access import Actor
from tenants.actions.invitations import send_invitation
from tenants.actions.suspending import suspend_member
from tenants.actions.teams import add_team_member, create_team
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.browser.test_pages import LOOKS, _faults
from tests.cast import make_member, make_organization
from tests.chromium import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LINES = b"email,name,role\nana@away.test,Ana,editor\nnonsense,,\nben@away.test,Ben,king\n"


@pytest.fixture
def peopled(actor_of: Callable[..., Actor]) -> tuple[Membership, list[str]]:
    """Ada, and the addresses of pages about Max, who owns things, and Leo, who is suspended."""
    acme = make_organization("acme", name="Acme Health")
    ada = make_member(acme, "Ada Okafor", BuiltInRole.OWNER)
    max_ = make_member(acme, "Max Lindqvist", BuiltInRole.ADMIN)
    leo = make_member(acme, "Leo Marsh", BuiltInRole.EDITOR)
    make_member(acme, "Mia Castellan", BuiltInRole.VIEWER)
    actor = actor_of(ada)
    with organization_scope(acme.pk):
        suspend_member(leo, actor=actor, at=now())
        create_integration(actor=actor_of(max_), at=now(), name="Olist warehouse")
        team = create_team(actor=actor, at=now(), name="Finance")
        add_team_member(team, actor=actor, membership=max_, is_lead=True)
        ends_at = now() + timedelta(days=5)
        Membership.objects.filter(pk=max_.pk).update(access_ends_at=ends_at)
        kept = InvitationList.keep(LINES, actor=actor, at=now())
    max_page, leo_page = (f"/o/acme/members/{one.pk}/" for one in (max_, leo))
    return ada, [
        "/o/acme/members/",
        max_page,
        f"{max_page}suspend/",
        f"{max_page}end/",
        f"{max_page}hand-over/",
        leo_page,
        f"{leo_page}reinstate/",
        "/o/acme/invitations/?state=expired",
        "/o/acme/invitations/import/",
        f"/o/acme/invitations/import/{kept.pk}/",
    ]


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_pages_of_people_are_sound(
    peopled: tuple[Membership, list[str]], window: Any, theme: str, width: int
) -> None:
    ada, pages = peopled
    seen: Window = window(ada, theme=theme, width=width)

    assert {page: found for page in pages if (found := _faults(seen, page))} == {}
    assert seen.complaints == []


def test_two_people_join_a_team_after_a_look(
    peopled: tuple[Membership, list[str]], window: Any
) -> None:
    ada, _pages = peopled
    seen: Window = window(ada)
    page = seen.open("/o/acme/members/")

    page.get_by_label("Choose Max Lindqvist").check()
    page.get_by_label("Choose Mia Castellan").check()
    page.get_by_role("button", name="Change the chosen").click()
    expect(page.get_by_role("heading", name="Change 2 people")).to_be_visible()
    page.get_by_label("Add to a team").check()
    page.get_by_label("Team", exact=False).last.select_option(label="Finance")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("Is in Finance already.")).to_be_visible()
    page.get_by_role("button", name="Do it for 1 person").click()

    expect(page.get_by_role("heading", name="1 person changed")).to_be_visible()
    assert seen.complaints == []


def test_an_invited_person_is_put_into_a_team_after_a_look(
    peopled: tuple[Membership, list[str]], window: Any, actor_of: Callable[..., Actor]
) -> None:
    ada, _pages = peopled
    with organization_scope(ada.organization_id):
        for name in ("nia", "ben"):
            send_invitation(actor=actor_of(ada), at=now(), email=f"{name}@away.test", role="viewer")
    seen: Window = window(ada)
    page = seen.open("/o/acme/members/?use=never")
    page.get_by_role("link", name="Show the invitations").click()

    assert _faults(seen, "/o/acme/invitations/?q=away") == []
    page.get_by_label("Choose nia@away.test").check()
    page.get_by_role("button", name="Change the chosen").click()
    expect(page.get_by_role("heading", name="Change 1 invitation")).to_be_visible()
    page.get_by_label("Add to a team").check()
    page.get_by_label("Team", exact=False).last.select_option(label="Finance")
    page.get_by_role("button", name="Show what would change").click()
    expect(page.get_by_text("Joins Finance on accepting.")).to_be_visible()
    page.get_by_role("button", name="Do it for 1 invitation").click()

    expect(page.get_by_role("heading", name="1 invitation changed")).to_be_visible()
    assert seen.complaints == []
