"""The pages that keep watch over sign-in, with something wrong on each, as a person sees them."""

from datetime import timedelta
from typing import Any

import pytest

from portal.sso.actions import claim_domain, verify_domain
from portal.sso.actions.domains import recheck_domain
from portal.sso.models import Connection, Domain, SignInAttempt
from portal.sso.rules import MISSING_FOR, new_reference
from portal.sso.verdicts import Check
from tenants.access import system_actor
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.browser.test_pages import LOOKS, _faults
from tests.cast import make_member, make_organization
from tests.chromium import Window
from tests.portal.sso.conftest import connect

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = "https://" + "very-long-name." * 12 + "example/metadata"


@pytest.fixture
def owner_and_pages(db: None) -> tuple[Membership, list[str]]:
    acme = make_organization("acme", name="Acme Health")
    owner = make_member(acme, "Ada Okafor", BuiltInRole.OWNER)
    connection = connect(acme).connection
    at, actor = now(), system_actor(acme)
    with organization_scope(acme.pk):
        Connection.objects.update(
            metadata_url=LONG,
            metadata_error="The identity provider answered with HTTP 500.",
            metadata_failing_since=at,
            proposed_sso_url=LONG,
            state="degraded",
            degraded_at=at,
            degraded_because="Its metadata names another sign-in address. Check and accept it.",
        )
        claim_domain(actor=actor, at=at, name="claimed.example")
        for name, gone in (("missing.example", timedelta(0)), ("lost.example", MISSING_FOR)):
            domain = claim_domain(actor=actor, at=at, name=name)
            verify_domain(domain, actor=actor, at=at, records=[domain.dns_record])
            recheck_domain(domain, actor=actor, at=at, records=[])
            if gone:
                recheck_domain(domain, actor=actor, at=at + gone, records=[])
        attempt = SignInAttempt.objects.create(
            connection=connection,
            at=at,
            reference=new_reference(),
            reason="audience",
            is_stranger=True,
            checks=[
                Check(
                    "Audience", passed=False, expected=LONG, received=LONG[:-1], fix="x"
                ).as_row(),
                Check("Issuer", passed=True, expected=LONG, received=LONG).as_row(),
            ],
            claims={"http://schemas.example/claims/" + "name" * 20: ["a" * 90], "empty": []},
        )
        lost = Domain.objects.get(name="missing.example")
    home = "/o/acme/sso/"
    return owner, [
        home,
        f"{home}domains/",
        f"{home}domains/{lost.pk}/remove/",
        f"{home}attempts/",
        f"{home}attempts/?q=SI-2222222",
        f"{home}attempts/{attempt.reference}/",
        f"{home}{connection.pk}/health/",
    ]


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_pages_with_trouble_are_sound(
    owner_and_pages: tuple[Membership, list[str]], window: Any, theme: str, width: int
) -> None:
    owner, pages = owner_and_pages
    seen: Window = window(owner, theme=theme, width=width)

    faults = {path: found for path in pages if (found := _faults(seen, path))}

    assert faults == {}
    assert seen.complaints == []
