"""Domains: named, proven over real DNS, watched, lost, moved, removed."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import dns.rcode
import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Event
from audit.names import EventName
from audit.refusals import Invalid
from portal.sso.actions import claim_domain, verify_domain
from portal.sso.actions.domains import DomainNotProven
from portal.sso.models import Domain
from portal.sso.rules import DomainStanding
from tenants.access import Actor, system_actor
from tenants.models import Membership, Organization, Policy
from tenants.scoping import organization_scope
from tests.portal.sso.conftest import Idp
from tests.portal.sso.nameserver import Nameserver, alias, fails, texts
from tests.racing import race

pytestmark = pytest.mark.django_db
HOME = "/o/acme/sso/domains/"
NAME = "acme.example"


def standing(domain: Domain) -> DomainStanding:
    return Domain.objects.get(pk=domain.pk).standing


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def test_an_admin_names_a_domain_and_proves_it(
    client_of: Callable[..., Client], max_: Membership, nameserver: Nameserver
) -> None:
    client = client_of(max_)
    client.post(f"{HOME}claim/", {"name": " @Acme.Example. "})
    domain = Domain.objects.get()
    there = f"{HOME}{domain.pk}/verify/"
    assert domain.dns_record in client.get(HOME).content.decode()

    nameserver.replies[NAME] = texts(NAME, "v=spf1", "gatehouse-domain-verification=of-another")
    refused = client.post(there, follow=True)
    assert standing(domain) is DomainStanding.CLAIMED
    assert "No TXT record of acme.example says" in refused.content.decode()
    nameserver.replies[NAME] = texts(NAME, "v=spf1", domain.dns_record)
    done = client.post(there, follow=True)

    assert standing(domain) is DomainStanding.PROVEN
    assert "acme.example is yours." in done.content.decode()


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (fails(dns.rcode.SERVFAIL), "report a failure"),
        (alias(NAME, "pages.host.example", "x"), "is an alias"),
    ],
)
def test_what_is_in_the_way_is_said(
    client_of: Callable[..., Client],
    max_: Membership,
    claimed: Domain,
    nameserver: Nameserver,
    reply: Any,
    said: str,
) -> None:
    nameserver.replies[NAME] = reply

    page = client_of(max_).post(f"{HOME}{claimed.pk}/verify/", follow=True)

    assert said in page.content.decode()
    assert standing(claimed) is DomainStanding.CLAIMED


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("co.uk", "others have domains of their own"),
        ("github.io", "others have domains of their own"),
        ("gmail.com", "Anybody can have an address"),
        ("Outlook.com", "Anybody can have an address"),
        ("example", "Enter a domain"),
        ("-a.example", "Enter a domain"),
        ("a..example", "Enter a domain"),
        ("x" * 64 + ".example", "Enter a domain"),
        ("127.0.0.1", "Enter a domain"),
        ("acme.example/evil", "Enter a domain"),
        ("acme.example\n", ""),
        ("\u2167\u0000.example", ""),
        ("", "This field is required"),
    ],
)
def test_what_is_nobodys_own_or_no_domain_is_refused(
    client_of: Callable[..., Client], max_: Membership, name: str, said: str
) -> None:
    answer = client_of(max_).post(f"{HOME}claim/", {"name": name})

    if said:
        assert answer.status_code == 422
        assert said in answer.content.decode()
        assert not Domain.objects.exists()
    else:
        assert answer.status_code in {302, 422}


def test_letters_beyond_ascii_become_what_addresses_carry(
    organization: Organization, at: datetime
) -> None:
    made = claim_domain(actor=system_actor(organization), at=at, name="Bücher.example")

    assert made.name == "xn--bcher-kva.example"


def test_the_same_domain_twice_is_said_so(
    client_of: Callable[..., Client], max_: Membership, claimed: Domain
) -> None:
    answer = client_of(max_).post(f"{HOME}claim/", {"name": NAME})

    assert answer.status_code == 422
    assert "on the list already" in answer.content.decode()


def test_auditors_see_the_domains_and_change_none(
    client_of: Callable[..., Client], aud: Membership, proven: Domain
) -> None:
    client = client_of(aud)

    page = client.get(HOME)
    assert page.status_code == 200
    assert "Add a domain" not in page.content.decode()
    assert client.post(f"{HOME}claim/", {"name": "other.example"}).status_code == 403
    assert client.post(f"{HOME}{proven.pk}/remove/").status_code == 403
    assert client.post(f"{HOME}{proven.pk}/verify/").status_code == 403
    assert Domain.objects.count() == 1


def test_another_workspaces_domain_does_not_exist(
    client_of: Callable[..., Client], max_: Membership, other_organization: Organization
) -> None:
    with organization_scope(other_organization.pk):
        foreign = claim_domain(
            actor=system_actor(other_organization), at=timezone.now(), name="globex.example"
        )
    client = client_of(max_)

    assert client.post(f"{HOME}{foreign.pk}/verify/").status_code == 404
    assert client.get(f"{HOME}{foreign.pk}/remove/").status_code == 404
    assert client.post(f"{HOME}{foreign.pk}/remove/").status_code == 404
    assert "globex" not in client.get(HOME).content.decode()


def test_changes_ask_for_a_step_up(
    client_of: Callable[..., Client], max_: Membership, proven: Domain
) -> None:
    client = client_of(max_, stepped_up=False)

    for path in ("claim/", f"{proven.pk}/verify/", f"{proven.pk}/remove/"):
        assert client.post(f"{HOME}{path}")["Location"].startswith("/o/acme/step-up/")
    assert Domain.objects.count() == 1


def test_a_second_workspace_is_refused_without_saying_whose_it_is(
    organization: Organization, other_organization: Organization, proven: Domain, at: datetime
) -> None:
    actor = system_actor(other_organization)
    with organization_scope(other_organization.pk):
        theirs = claim_domain(actor=actor, at=at, name=NAME)
        with pytest.raises(DomainNotProven) as refused:
            verify_domain(theirs, actor=actor, at=at, records=[theirs.dns_record])

    assert "Another workspace has proven" in str(refused.value)
    assert organization.name not in str(refused.value)


def test_removing_says_first_who_signs_in_with_it(
    client_of: Callable[..., Client], max_: Membership, mia: Membership, acme_idp: Idp
) -> None:
    client = client_of(max_)
    domain = Domain.objects.get(name="acme.test")
    there = f"{HOME}{domain.pk}/remove/"

    shown = client.get(there).content.decode()
    assert "2 active members have an address there" in shown
    assert Domain.objects.exists()
    client.post(there)

    assert not Domain.objects.exists()
    assert names()[-1] == EventName.DOMAIN_REMOVED


def test_the_way_in_of_everybody_is_not_removed_while_sso_is_enforced(
    client_of: Callable[..., Client], max_: Membership, acme_idp: Idp, at: datetime
) -> None:
    domain = Domain.objects.get(name="acme.test")
    client = client_of(max_)
    Policy.objects.update(sso_enforced_at=at, sso_confirmed_at=at)
    client = client_of(max_, method="saml")

    answer = client.post(f"{HOME}{domain.pk}/remove/", follow=True)

    assert "Single sign-on is enforced" in answer.content.decode()
    assert Domain.objects.exists()


def test_the_page_makes_the_same_queries_for_two_and_for_twenty_domains(
    client_of: Callable[..., Client], max_: Membership, organization: Organization, at: datetime
) -> None:
    client, actor, counts = client_of(max_), system_actor(organization), []
    for upto in (2, 20):
        for number in range(Domain.objects.count(), upto):
            claim_domain(actor=actor, at=at, name=f"d{number}.example")
        with CaptureQueriesContext(database) as queries:
            assert client.get(HOME).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_domain_on_the_list_is_not_claimed_again(
    claimed: Domain, max_: Membership, actor_of: Callable[..., Actor], at: datetime
) -> None:
    with pytest.raises(Invalid):
        claim_domain(actor=actor_of(max_), at=at, name="ACME.example")


@pytest.mark.django_db(transaction=True)
def test_two_workspaces_that_prove_a_domain_at_once_are_one_winner(
    organization: Organization, other_organization: Organization, at: datetime
) -> None:
    def attempt(workspace: Organization, domain: Domain) -> Callable[[], object]:
        def run() -> object:
            with organization_scope(workspace.pk):
                return verify_domain(
                    domain, actor=system_actor(workspace), at=at, records=[domain.dns_record]
                )

        return run

    attempts = []
    for workspace in (organization, other_organization):
        with organization_scope(workspace.pk):
            claimed = claim_domain(actor=system_actor(workspace), at=at, name=NAME)
        attempts.append(attempt(workspace, claimed))

    results = race(attempts, organization_id=organization.pk)

    assert sorted(type(result).__name__ for result in results) == ["Domain", "DomainNotProven"]
