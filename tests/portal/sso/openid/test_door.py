"""The address leads to the ways of its organization, and says nothing about who is a customer."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from portal.sso.models import SignInAttempt
from portal.sso.refusals import Reason
from tenants.access import system_actor
from tenants.actions.entries import open_entry
from tenants.actions.members import contain_member
from tenants.models import Membership, Organization, Policy
from tenants.resolving import actor_for_member
from tenants.scoping import organization_scope
from tests.portal.sso.openid.conftest import Browser, Connected

pytestmark = pytest.mark.django_db
Connect = Callable[..., Connected]


def test_only_way_is_gone_straight_on(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at = connected(organization, "google")

    response = browser.post("/", {"email": "anybody@acme.test", "next": "/o/acme/requests/"})

    start = f"/sso/{at.connection.pk}/start/"
    assert response["Location"] == f"{start}?next=%2Fo%2Facme%2Frequests%2F"
    shown = browser.get(start).content.decode()
    assert "Continue with Google" in shown
    assert "acme.test" in shown
    assert organization.name not in shown


def test_several_ways_are_a_choice(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    for kind in ("google", "microsoft", "oidc"):
        connected(organization, kind)

    there = browser.post("/", {"email": "anybody@acme.test"})["Location"]
    shown = browser.get(there).content.decode()

    assert there == "/sign-in/choose/"
    for label in ("Google", "Microsoft", "By oidc"):
        assert f"Continue with {label}" in shown
    assert "Use a password instead" in shown
    assert organization.name not in shown


def test_policy_takes_ways_from_the_door(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    at, other = connected(organization, "google"), connected(organization, "microsoft")
    Policy.objects.update(google_allowed=False)

    there = browser.post("/", {"email": "anybody@acme.test"})["Location"]
    refused = browser.get(f"/sso/{at.connection.pk}/start/")

    assert there == f"/sso/{other.connection.pk}/start/"
    assert refused.status_code == 403
    assert SignInAttempt.objects.get().reason == Reason.NOT_ALLOWED


@pytest.mark.parametrize("email", ["anybody@unknown.test", "anybody@globex.test"])
def test_unknown_domain_and_customer_without_sso_look_the_same(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    other_organization: Organization,
    email: str,
) -> None:
    connected(organization)

    response = browser.post("/", {"email": email})
    shown = browser.get("/sign-in/choose/")

    assert (response.status_code, response["Location"]) == (302, "/sign-in/password/")
    assert (shown.status_code, shown["Location"]) == (302, "/")


def test_enforced_organization_offers_no_password(
    browser: Browser, connected: Connect, organization: Organization
) -> None:
    for kind in ("google", "microsoft"):
        connected(organization, kind)
    Policy.objects.update(sso_enforced_at=timezone.now())

    there = browser.post("/", {"email": "anybody@acme.test"})["Location"]

    assert "password" not in browser.get(there).content.decode()


@pytest.fixture
def consultant(
    browser: Browser,
    connected: Connect,
    organization: Organization,
    other_organization: Organization,
) -> Browser:
    """Signed in at Acme by its provider, and a member of Globex, which enforces its own."""
    assert browser.sign_in(connected(organization).connection)["Location"] == "/o/acme/"
    member = Membership.objects.get()
    connected(other_organization)
    connected(other_organization, "google")
    with organization_scope(other_organization.pk):
        Membership.objects.create(
            user=member.user,
            name=member.name,
            email="erin@globex.test",
            role="viewer",
            source="invitation",
            joined_at=timezone.now(),
        )
        Policy.objects.update(sso_enforced_at=timezone.now())
    return browser


def test_consultant_stays_outside_the_second_workspace(consultant: Browser) -> None:
    there = consultant.get("/o/globex/")["Location"]
    shown = consultant.get(there)

    assert there.startswith("/workspaces/globex/")
    assert "Continue with By oidc" in shown.content.decode()
    assert "Continue with Google" in shown.content.decode()
    assert consultant.get("/o/acme/").status_code == 200


def test_losing_the_first_workspace_leaves_the_second_alone(
    consultant: Browser, organization: Organization, other_organization: Organization
) -> None:
    erin, at = Membership.objects.get(), timezone.now()
    with organization_scope(other_organization.pk):
        Policy.objects.update(sso_enforced_at=None)
        second = Membership.objects.get()
        open_entry(
            second,
            actor=actor_for_member(second),
            at=at,
            session_key=str(consultant.session.session_key),
            method="password",
            has_second_factor=True,
        )
    assert consultant.get("/o/globex/").status_code == 200

    contain_member(erin, actor=system_actor(organization), at=at)

    assert consultant.get("/o/acme/").status_code == 404
    assert consultant.get("/o/globex/").status_code == 200
