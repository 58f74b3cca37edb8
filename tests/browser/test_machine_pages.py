"""Service accounts as an admin sees them: made, given a token, the token replaced."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.browser.test_pages import LOOKS, _faults
from tests.cast import make_machine, make_member, make_organization
from tests.chromium import Window

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def machines(actor_of: Callable[..., Actor]) -> tuple[Membership, list[str]]:
    """Ada, and the addresses of pages about a machine with a token."""
    acme = make_organization("acme", name="Acme Health")
    ada = make_member(acme, "Ada Okafor", BuiltInRole.OWNER)
    account = make_machine(ada, role="editor")
    with organization_scope(acme.pk):
        token, _text = issue_token(
            actor=actor_of(ada),
            at=now(),
            name="ci",
            kind="agent",
            scopes=["catalog:view"],
            lasts=timedelta(days=30),
            service_account=account,
        )
    here = f"/o/acme/service-accounts/{account.pk}/"
    return ada, [
        "/o/acme/service-accounts/",
        "/o/acme/service-accounts/new/",
        here,
        f"{here}change/",
        f"{here}tokens/new/",
        "/o/acme/tokens/?all=1",
        f"/o/acme/tokens/{token.pk}/rotate/",
    ]


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_pages_of_machines_are_sound(
    machines: tuple[Membership, list[str]], window: Any, theme: str, width: int
) -> None:
    ada, pages = machines
    seen: Window = window(ada, theme=theme, width=width)

    assert {page: found for page in pages if (found := _faults(seen, page))} == {}
    assert seen.complaints == []
