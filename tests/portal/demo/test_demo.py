"""The demo's world is built by the real actions, once, and nowhere but in the demo."""

from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from audit.models import Event
from portal.catalog.models import Integration, Resource
from portal.demo.people import acting
from portal.demo.world import ACME, CUSTOMERS, FIRMS, PASSWORD
from portal.grants.models import Case
from portal.sso.models import Connection
from portal.tickets.actions import file_revocation
from portal.tickets.models import Ticket
from tenants.access import Actor
from tenants.actions.entries import open_entry
from tenants.clock import now
from tenants.models import Entry, Membership, Organization, Policy, Team
from tenants.resolving import actor_for_member, organization_of_slug
from tenants.scoping import organization_scope


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.DEMO, settings.BASE_URL = True, "http://localhost"
    settings.ROOT_URLCONF = "tests.portal.demo.demo_urls"


def actor(email: str) -> Actor:
    return actor_for_member(Membership.objects.select_related("organization").get(email=email))


def run(*words: str) -> str:
    out = StringIO()
    call_command("demo", *words, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_the_world_is_complete_and_built_once() -> None:
    run()
    events = Event.objects.count()
    people = User.objects.count()
    run()
    assert (Event.objects.count(), User.objects.count()) == (events, people)
    for firm in CUSTOMERS:
        organization = organization_of_slug(firm.slug)
        assert organization
        with organization_scope(organization.pk):
            assert Resource.objects.count() == (23 if firm is ACME else 18)
            assert Connection.objects.get().state == "active"
            assert Policy.objects.get().cooling_off.total_seconds() == 20
    acme = organization_of_slug("acme")
    assert acme
    with organization_scope(acme.pk):
        assert Case.objects.get().reference == "CASE-101"
        assert Ticket.objects.get().number == "REV-1001"
        finance = Resource.objects.visible_to(actor("eda@acme.test"))
        growth = Resource.objects.visible_to(actor("mia@acme.test"))
        assert "fct_orders" in {row.name for row in finance}
        assert "dim_customers" in {row.name for row in growth}
        assert not {row.name for row in finance} & {row.name for row in growth}
        assert Integration.objects.get(name=ACME.integration).name == ACME.integration


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_a_second_start_leaves_alone_what_people_did() -> None:
    """The symptom: after a revocation or a closing the demo did not start any more."""
    run()
    acme, globex = organization_of_slug("acme"), organization_of_slug("globex")
    assert acme
    assert globex
    at = now()
    with organization_scope(acme.pk):
        by = acting(Membership.objects.get(email="ada@acme.test"), at=at)
        way_in = {"session_key": "s" * 32, "method": Entry.Method.PASSWORD}
        open_entry(by.membership, actor=by, at=at, **way_in)
        for email in ("eda@acme.test", "mia@acme.test"):
            file_revocation(Membership.objects.get(email=email), actor=by, at=at)
        Team.objects.get(name="Growth").delete()
    with organization_scope(globex.pk):
        Organization.objects.filter(pk=globex.pk).update(status=Organization.Status.CLOSED)
    events = Event.objects.count()

    run()

    assert Event.objects.count() == events
    with organization_scope(acme.pk):
        assert not Team.objects.filter(name="Growth").exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_every_account_has_the_password_and_its_own_code() -> None:
    run()
    codes = set()
    for firm in FIRMS:
        for person in firm.people:
            assert User.objects.get(email=person.email).check_password(PASSWORD)
            code = run("--code", person.email).strip()
            assert code.isdigit()
            codes.add(code)
    assert len(codes) > 10


@pytest.mark.usefixtures("demo")
def test_an_unknown_account_has_no_code() -> None:
    with pytest.raises(CommandError, match="no demo account"):
        run("--code", "nobody@acme.test")


@pytest.mark.usefixtures("demo")
def test_the_hints_name_every_way_in() -> None:
    said = run("--hints")
    assert PASSWORD in said
    for name in ("ada@acme.test", "ned@globex.test", "sam@meridian.test", "erin@acme.test"):
        assert name in said


@pytest.mark.django_db
@pytest.mark.usefixtures("demo")
def test_the_page_lists_every_account_with_its_code(client: Client) -> None:
    said = client.get("/dev/accounts/").content.decode()
    for firm in FIRMS:
        for person in firm.people:
            assert person.email in said
    assert run("--code", "ada@acme.test").strip() in said


@pytest.mark.django_db
def test_without_demo_there_is_no_such_page(client: Client) -> None:
    assert client.get("/dev/accounts/").status_code == 404


def test_without_demo_nothing_is_made() -> None:
    with pytest.raises(ImproperlyConfigured, match="known passwords"):
        run()
