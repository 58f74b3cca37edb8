"""Mail about single sign-on: to those who can mend it, once, and never about what is mended."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from portal.sso.actions import claim_domain, verify_domain
from portal.sso.actions.domains import recheck_domain
from portal.sso.actions.watching import watch_connection
from portal.sso.models import Connection, Domain
from portal.sso.rules import MISSING_FOR
from portal.sso.saml.certificates import read_certificate
from tenants.access import system_actor
from tenants.models import Membership, Organization
from tests.portal.sso.conftest import Idp, connect
from tests.portal.sso.publishing import certificate_until

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ADA, MAX = "Ada Okafor <ada@acme.test>", "Max Lindqvist <max@acme.test>"


@pytest.fixture
def idp(organization: Organization, ada: Membership, max_: Membership, mia: Membership) -> Idp:
    return connect(organization)


@pytest.fixture
def ends_at(idp: Idp) -> datetime:
    return idp.connection.certificates()[0].expires_at


def told(mails: list[Any]) -> set[str]:
    return {mail.to[0] for mail in mails}


def test_a_certificate_that_ends_is_told_to_those_who_can_replace_it(
    idp: Idp, organization: Organization, ends_at: datetime, post: Callable[..., list[Any]]
) -> None:
    actor = system_actor(organization)
    post(organization)
    watch_connection(idp.connection, actor=actor, at=ends_at - 14 * DAY)

    mails = post(organization)

    assert told(mails) == {ADA, MAX}
    assert mails[0].subject == "Our IdP: a certificate ends in 14 days"
    assert f"/o/acme/sso/{idp.connection.pk}/health/" in mails[0].body
    watch_connection(idp.connection, actor=actor, at=ends_at - 13 * DAY)
    assert post(organization) == []


def test_a_replaced_certificate_is_not_written_about_any_more(
    idp: Idp, organization: Organization, ends_at: datetime, post: Callable[..., list[Any]]
) -> None:
    watch_connection(idp.connection, actor=system_actor(organization), at=ends_at - DAY)
    newer = read_certificate(certificate_until(ends_at + 900 * DAY))
    Connection.objects.update(certificate=newer.pem)

    assert [mail for mail in post(organization) if "ends" in mail.subject] == []


def test_a_state_is_told_once_each_way(
    idp: Idp, organization: Organization, ends_at: datetime, post: Callable[..., list[Any]]
) -> None:
    actor = system_actor(organization)
    post(organization)
    for days in (0, 1, 2):
        watch_connection(idp.connection, actor=actor, at=ends_at + days * DAY)
    down = post(organization)
    assert told(down) == {ADA, MAX}
    assert {mail.subject for mail in down} == {"Our IdP: single sign-on needs attention"}
    assert "Add the new one" in down[0].body

    newer = read_certificate(certificate_until(ends_at + 900 * DAY))
    Connection.objects.update(next_certificate=newer.pem)
    watch_connection(idp.connection, actor=actor, at=ends_at + 3 * DAY)

    assert {mail.subject for mail in post(organization)} == {
        "Our IdP: single sign-on is in order again"
    }


def test_a_missing_record_and_a_lost_domain_are_told(
    organization: Organization,
    ada: Membership,
    mia: Membership,
    at: datetime,
    post: Callable[..., list[Any]],
) -> None:
    actor = system_actor(organization)
    domain = claim_domain(actor=actor, at=at, name="acme.example")
    verify_domain(domain, actor=actor, at=at, records=[domain.dns_record])
    post(organization)

    recheck_domain(domain, actor=actor, at=at, records=[])
    missing = post(organization)
    assert told(missing) == {ADA, "security@acme.test"}
    assert domain.dns_record in missing[0].body
    recheck_domain(domain, actor=actor, at=at + MISSING_FOR, records=[])
    (lost, _security) = post(organization)

    assert lost.subject == "acme.example: the domain is no longer proven"
    assert Domain.objects.get().verified_at is None


def test_a_record_that_is_back_before_the_mail_goes_out_is_not_written_about(
    organization: Organization, ada: Membership, at: datetime, post: Callable[..., list[Any]]
) -> None:
    actor = system_actor(organization)
    domain = claim_domain(actor=actor, at=at, name="acme.example")
    verify_domain(domain, actor=actor, at=at, records=[domain.dns_record])
    post(organization)
    recheck_domain(domain, actor=actor, at=at, records=[])
    recheck_domain(domain, actor=actor, at=at, records=[domain.dns_record])

    assert post(organization) == []
