"""Every page about people opens for its holder and shows what it promises."""

from collections.abc import Callable

import pytest
from django.test import Client

from tenants.models import Membership

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]

PAGES = (
    "members/",
    "members/?q=mia&role=viewer&status=active",
    "invitations/",
    "invitations/new/",
    "teams/",
    "teams/new/",
    "roles/",
    "tokens/",
    "tokens/?all=1",
    "tokens/?all=1&q=x&kind=agent&state=replaced&use=unused",
    "tokens/new/",
    "service-accounts/",
    "service-accounts/?q=night&state=suspended",
    "service-accounts/new/",
    "settings/",
    "settings/change/",
)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_opens(address: str, ada: Membership, mia: Membership, client_of: ClientOf) -> None:
    answer = client_of(ada).get(f"/o/acme/{address}")

    assert answer.status_code == 200


@pytest.mark.parametrize("address", ["/account/", "/account/devices/"])
def test_an_account_page_opens(address: str, ada: Membership, client_of: ClientOf) -> None:
    assert client_of(ada).get(address).status_code == 200
