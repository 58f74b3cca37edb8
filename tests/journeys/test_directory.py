"""People arrive by SCIM; one leaves at the provider, and is out here at the next click."""

import os
from typing import Any

import pytest
from playwright.sync_api import expect

from portal.sso.models import Domain
from tenants.clock import now
from tenants.models import Membership
from tests.chromium import Window
from tests.journeys.conftest import heading
from tests.journeys.test_main_job import worker
from tests.portal.directory.conftest import Directory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
# JOURNEY_PEOPLE=3000 sends as many as a larger customer has; that takes minutes.
PEOPLE = int(os.environ.get("JOURNEY_PEOPLE", "60"))


def test_who_is_deactivated_there_is_refused_at_the_next_request(
    site: str, window: Any, ada: Membership
) -> None:
    Domain.objects.create(name="acme.test", token="proof", created_at=now(), verified_at=now())
    admin: Window = window(ada)
    idp = Directory(make_token(admin))
    sent = [idp.add(f"person{n}") for n in range(PEOPLE - 1)]
    erin = idp.add("erin")
    page = admin.open("/o/acme/directory/people/")
    assert f"{PEOPLE:,} people were sent by your identity provider." in page.inner_text("main")

    hers: Window = window(Membership.objects.get(email="erin@acme.test"))
    assert heading(hers.open("/o/acme/")) == "Overview"
    status, _told = idp.patch(
        f"/Users/{erin['id']}", {"op": "Replace", "path": "active", "value": "False"}
    )
    assert status in {200, 204}
    assert "There is nothing here" in hers.open("/o/acme/").inner_text("main")
    assert idp.get(f"/Users/{sent[0]['id']}")["active"] is True

    assert worker("REV-1001").status == "completed"
    page = admin.open("/o/acme/requests/")
    page.get_by_role("link", name="REV-1001").click()
    told = page.inner_text("main")
    for said in ("Deactivated at the identity provider", "Access blocked", "No way back since"):
        assert said in told, told
    proof = page.get_by_role("row").filter(has_text="Browser session")
    expect(proof).to_contain_text("refused")
    assert admin.complaints == []


def make_token(admin: Window) -> str:
    page = admin.open("/o/acme/directory/")
    page.get_by_role("link", name="New token").click()
    page.get_by_label("Name").fill("Okta")
    page.get_by_role("button", name="Make the token").click()
    token = page.locator("[data-copy-text]").filter(has_text="_").first.inner_text()
    expect(page.locator("main")).to_contain_text("scim")
    return token
