"""Setting up single sign-on as a person sees it: inside a workspace and behind a set-up link."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.sso.actions import create_connection, create_setup_link, prepare_key
from portal.sso.holding import signed_of
from portal.sso.models import SetupLink
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.browser.test_pages import LOOKS, _faults
from tests.cast import make_member, make_organization
from tests.chromium import Window
from tests.portal.sso.conftest import Idp, connect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ada(actor_of: Callable[..., Actor]) -> Membership:
    organization = make_organization("acme", name="Acme Health")
    member = make_member(organization, "Ada", BuiltInRole.OWNER)
    member.organization = organization  # outside its scope the row cannot be read again
    return member


@pytest.fixture
def idp(ada: Membership, actor_of: Callable[..., Actor]) -> Idp:
    made = connect(ada.organization)
    with organization_scope(ada.organization_id):
        prepare_key(made.connection, actor=actor_of(ada), at=now())
    return made


@pytest.fixture
def link(ada: Membership, actor_of: Callable[..., Actor]) -> SetupLink:
    actor = actor_of(ada)
    with organization_scope(ada.organization_id):
        draft = create_connection(actor=actor, at=now(), name="Okta")
        create_connection(actor=actor, at=now(), name="Entra", kind="microsoft")
        return create_setup_link(actor=actor, at=now(), email="jo@it.acme.test", connection=draft)


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_pages_of_a_connection_are_sound(
    ada: Membership, idp: Idp, link: SetupLink, window: Any, theme: str, width: int
) -> None:
    seen: Window = window(ada, theme=theme, width=width)
    active, draft = f"/o/acme/sso/{idp.connection.pk}/", f"/o/acme/sso/{link.connection_id}/"
    with organization_scope(ada.organization_id):
        entra = idp.connection.__class__.objects.get(name="Entra")
    pages = [
        "/o/acme/sso/",
        "/o/acme/sso/new/",
        "/o/acme/sso/links/",
        active,
        f"{active}certificates/",
        f"{active}test/",
        draft,
        f"{draft}configure/",
        f"{draft}configure/?way=document",
        f"{draft}configure/?way=fields",
        f"{draft}test/",
        f"/o/acme/sso/{entra.pk}/configure/",
    ]

    faults = {path: found for path in pages if (found := _faults(seen, path))}

    assert faults == {}
    assert seen.complaints == []


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_pages_behind_a_link_are_sound(
    link: SetupLink, window: Any, theme: str, width: int
) -> None:
    seen: Window = window(theme=theme, width=width)
    home = f"/setup/{signed_of(link)}/"
    faults = {"first": found} if (found := _faults(seen, home)) else {}
    seen.page.get_by_role("button", name="Begin in this browser").click()
    seen.page.wait_for_url("**/sso/")
    own = f"{home}sso/{link.connection_id}/"
    pages = [f"{home}sso/", own, f"{own}configure/", f"{own}certificates/", f"{own}test/"]

    faults |= {path: found for path in pages if (found := _faults(seen, path))}

    assert faults == {}
    assert seen.complaints == []
