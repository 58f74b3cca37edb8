"""Certificates come to their end: told early, once for each level, and never for nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from audit.models import Event
from audit.names import EventName
from portal.sso.actions import prepare_key
from portal.sso.actions.watching import watch_connection
from portal.sso.models import CertificateNotice, Connection, ConnectionKey
from portal.sso.saml.certificates import Certificate, read_certificate
from portal.sso.sweeps import watch_everywhere
from portal.sso.trouble import NOTICE_DAYS, notice_level
from tenants.access import system_actor
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.portal.sso.conftest import Idp
from tests.portal.sso.publishing import certificate_until

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Watch = Callable[[datetime], Connection]


@pytest.fixture
def theirs(acme_idp: Idp) -> Certificate:
    return acme_idp.connection.certificates()[0]


@pytest.fixture
def watch(acme_idp: Idp, organization: Organization) -> Watch:
    def run(at: datetime) -> Connection:
        return watch_connection(acme_idp.connection, actor=system_actor(organization), at=at)

    return run


def notices() -> list[int]:
    events = Event.objects.filter(name=EventName.CONNECTION_CERTIFICATE_ENDING).order_by("id")
    return [event.facts["days"] for event in events]


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


@pytest.mark.parametrize(
    ("left", "level"),
    [
        (timedelta(days=61), None),
        (timedelta(days=60), 60),
        (timedelta(days=31), 60),
        (timedelta(days=30), 30),
        (timedelta(days=14), 14),
        (timedelta(days=7), 7),
        (timedelta(days=1), 1),
        (timedelta(minutes=1), 1),
        (timedelta(0), None),
        (timedelta(days=-1), None),
    ],
)
def test_the_level_is_the_latest_that_is_reached(
    left: timedelta, level: int | None, at: datetime
) -> None:
    assert notice_level(at + left, at=at) == level


def test_each_level_is_told_once(theirs: Certificate, watch: Watch) -> None:
    for hours in range(70 * 24, -24, -6):
        watch(theirs.expires_at - timedelta(hours=hours))

    assert notices() == list(NOTICE_DAYS)


def test_a_certificate_that_comes_late_skips_what_has_passed(
    theirs: Certificate, watch: Watch
) -> None:
    watch(theirs.expires_at - 10 * DAY)
    watch(theirs.expires_at - 9 * DAY)

    assert notices() == [14]
    assert set(CertificateNotice.objects.values_list("level", flat=True)) == {60, 30, 14}


def test_nobody_is_bothered_while_a_successor_is_in_place(
    acme_idp: Idp, theirs: Certificate, watch: Watch
) -> None:
    successor = read_certificate(certificate_until(theirs.expires_at + 365 * DAY))
    Connection.objects.update(next_certificate=successor.pem)

    watch(theirs.expires_at - DAY)
    assert notices() == []
    held = watch(theirs.expires_at)

    assert held.pems() == (successor.pem,)
    assert held.state == "active"
    watch(successor.expires_at - 60 * DAY)
    assert notices() == [60]


def test_our_own_certificate_is_watched_too(acme_idp: Idp, watch: Watch, at: datetime) -> None:
    ours = ConnectionKey.objects.get().describe()
    longer = certificate_until(ours.expires_at + 365 * DAY)
    Connection.objects.update(certificate=read_certificate(longer).pem)

    watch(ours.expires_at - 30 * DAY)

    (event,) = Event.objects.filter(name=EventName.CONNECTION_CERTIFICATE_ENDING)
    assert (event.facts["days"], event.facts["side"]) == (30, "ours")


def test_our_next_one_ends_the_notices_about_ours(
    acme_idp: Idp, organization: Organization, watch: Watch
) -> None:
    ours = ConnectionKey.objects.get().describe()
    longer = certificate_until(ours.expires_at + 999 * DAY)
    Connection.objects.update(certificate=read_certificate(longer).pem)
    near = ours.expires_at - 30 * DAY
    prepare_key(acme_idp.connection, actor=system_actor(organization), at=near)

    watch(near)

    assert notices() == []


def test_an_ended_certificate_needs_attention_until_a_new_one_is_there(
    theirs: Certificate, watch: Watch
) -> None:
    held = watch(theirs.expires_at)
    assert held.state == "degraded"
    assert "ended on" in held.degraded_because
    watch(theirs.expires_at + DAY)
    assert names().count(EventName.CONNECTION_DEGRADED) == 1

    newer = read_certificate(certificate_until(theirs.expires_at + 900 * DAY))
    Connection.objects.update(next_certificate=newer.pem)
    held = watch(theirs.expires_at + 2 * DAY)

    assert (held.state, held.pems()) == ("active", (newer.pem,))
    assert names().count(EventName.CONNECTION_RECOVERED) == 1


def test_the_sweep_watches_every_workspace(
    acme_idp: Idp, globex_idp: Idp, theirs: Certificate
) -> None:
    watch_everywhere(theirs.expires_at - 59 * DAY)

    assert CertificateNotice.objects.count() == 1
    with organization_scope(globex_idp.connection.organization_id):
        assert CertificateNotice.objects.count() == 1
