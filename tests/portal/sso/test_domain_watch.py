"""The daily look at proven domains: what is missing, lost, found again, and who is still let in."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import dns.rcode
import pytest

from audit.models import Event
from audit.names import EventName
from portal.queue.names import JobName
from portal.sso.actions import claim_domain, verify_domain
from portal.sso.actions.domains import DomainNotProven, recheck_domain
from portal.sso.models import Domain
from portal.sso.proving import check_again
from portal.sso.rules import MISSING_FOR, DomainStanding
from portal.sso.sweeps import announce_domains
from portal.sso.ways_in import ways_for
from tenants.access import system_actor
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.nameserver import Nameserver, alias, fails, texts

pytestmark = pytest.mark.django_db
NAME = "acme.example"


def standing(domain: Domain) -> DomainStanding:
    return Domain.objects.get(pk=domain.pk).standing


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def test_the_daily_look_finds_the_record_where_it_was(
    proven: Domain, nameserver: Nameserver, at: datetime
) -> None:
    nameserver.replies[NAME] = texts(NAME, proven.dns_record)
    tomorrow = at + timedelta(days=1)

    check_again(proven.pk, at=tomorrow)

    looked = Domain.objects.get()
    assert (looked.checked_at, looked.missing_since) == (tomorrow, None)
    assert looked.check_after == tomorrow + timedelta(days=1)
    assert EventName.DOMAIN_MISSING not in names()


def test_a_look_that_is_not_due_or_is_taken_asks_nobody(
    proven: Domain, nameserver: Nameserver, at: datetime
) -> None:
    check_again(proven.pk, at=at + timedelta(hours=1))
    assert nameserver.asked == []
    assert Domain.objects.claim_check(proven.pk, at=at + timedelta(days=1))

    check_again(proven.pk, at=at + timedelta(days=1))

    assert nameserver.asked == []


def test_no_answer_of_the_dns_takes_nothing_away(
    proven: Domain, nameserver: Nameserver, at: datetime
) -> None:
    """A broken resolver over a long week-end must not lock a whole company out."""
    nameserver.replies[NAME] = fails(dns.rcode.SERVFAIL)

    for day in range(1, 8):
        check_again(proven.pk, at=at + timedelta(days=day))

    looked = Domain.objects.get()
    assert looked.standing is DomainStanding.PROVEN
    assert "report a failure" in looked.check_error
    assert EventName.DOMAIN_MISSING not in names()


def test_a_missing_record_is_told_once_and_counts_for_72_hours(
    proven: Domain, nameserver: Nameserver, at: datetime
) -> None:
    first = at + timedelta(days=1)
    for hours in (0, 1, 30, 71):
        check_again(proven.pk, at=first + timedelta(hours=hours))
    assert standing(proven) is DomainStanding.MISSING
    assert names().count(EventName.DOMAIN_MISSING) == 1
    assert Domain.objects.get().counts_until == first + MISSING_FOR

    check_again(proven.pk, at=first + MISSING_FOR)

    assert standing(proven) is DomainStanding.LOST
    assert names().count(EventName.DOMAIN_LOST) == 1
    assert not Domain.objects.verified().exists()


def test_a_record_that_comes_back_in_time_changes_nothing(
    proven: Domain, nameserver: Nameserver, at: datetime
) -> None:
    check_again(proven.pk, at=at + timedelta(days=1))
    nameserver.replies[NAME] = texts(NAME, proven.dns_record)

    check_again(proven.pk, at=at + timedelta(days=2))

    assert standing(proven) is DomainStanding.PROVEN
    assert names()[-1] == EventName.DOMAIN_FOUND


def test_an_alias_in_place_of_the_record_counts_as_missing(
    proven: Domain, nameserver: Nameserver, at: datetime
) -> None:
    nameserver.replies[NAME] = alias(NAME, "pages.host.example", proven.dns_record)

    check_again(proven.pk, at=at + timedelta(days=1))

    assert standing(proven) is DomainStanding.MISSING


def test_a_lost_domain_moves_to_whoever_proves_it_next(
    organization: Organization, other_organization: Organization, proven: Domain, at: datetime
) -> None:
    actor = system_actor(organization)
    for later in (timedelta(days=1), timedelta(days=1) + MISSING_FOR):
        recheck_domain(proven, actor=actor, at=at + later, records=[])
    theirs = system_actor(other_organization)
    with organization_scope(other_organization.pk):
        claimed = claim_domain(actor=theirs, at=at, name=NAME)
        moved = verify_domain(claimed, actor=theirs, at=at, records=[claimed.dns_record])
        assert moved.standing is DomainStanding.PROVEN

    with pytest.raises(DomainNotProven):
        verify_domain(proven, actor=actor, at=at, records=[proven.dns_record])


def test_losing_a_domain_stops_newcomers_and_capture_not_those_who_are_known(
    organization: Organization,
    acme_idp: Idp,
    browser: Browser,
    new_browser: Callable[[], Browser],
    at: datetime,
) -> None:
    browser.sign_in(acme_idp)
    actor = system_actor(organization)
    domain = Domain.objects.get(name="acme.test")
    for later in (timedelta(0), MISSING_FOR):
        recheck_domain(domain, actor=actor, at=at + later, records=[])
    assert standing(domain) is DomainStanding.LOST

    assert ways_for("erin@acme.test") is None
    known = new_browser().sign_in(acme_idp)
    assert known.status_code == 302
    newcomer = new_browser().sign_in(acme_idp, subject="fay-0002", email="fay@acme.test")
    assert newcomer.status_code == 403


def test_the_sweep_wakes_a_worker_for_each_domain_that_is_due(
    proven: Domain,
    nameserver: Nameserver,
    at: datetime,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    with django_capture_on_commit_callbacks() as woken:
        announce_domains(at + timedelta(hours=23))
        assert woken == []
        announce_domains(at + timedelta(days=1))

    assert len(woken) == 1
    assert woken[0].keywords == {}
    job, ids = woken[0].args
    assert (job, ids["domain_id"]) == (JobName.DOMAIN_CHECK, str(proven.pk))
