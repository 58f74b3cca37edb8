"""Metadata is read again: keys roll without a failed sign-in, nothing else is followed blindly."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Event
from audit.names import EventName
from portal.outbound.client import Client as Outbound
from portal.sso.actions import disable_connection
from portal.sso.actions.watching import promote_certificate
from portal.sso.configuration import is_tested
from portal.sso.development.keys import SigningKey
from portal.sso.models import Connection
from portal.sso.refreshing import HASTE, refresh
from portal.sso.rolling import Slots, rolled
from portal.sso.saml.certificates import read_certificate
from portal.sso.sweeps import announce_metadata
from tenants.access import system_actor
from tenants.models import Membership, Organization
from tests.portal.sso.conftest import Browser, Idp, key_of
from tests.portal.sso.publishing import Site, certificate_until, key_until, publishing, written

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


OLD, NEW = "acme", "acme-next"


@cache
def key(name: str) -> SigningKey:
    """The next one ends later, as next ones do."""
    return key_of(OLD) if name == OLD else key_until(timezone.now() + 1500 * DAY)


def pem_of(name: str) -> str:
    return read_certificate(key(name).certificate_pem.decode()).pem


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with publishing(tmp_path) as running:
        yield running


@pytest.fixture
def watched(acme_idp: Idp, site: Site) -> Idp:
    """A connection whose metadata is where the site is."""
    Connection.objects.filter(pk=acme_idp.connection.pk).update(metadata_url=site.url)
    site.body = written(pem_of(OLD))
    return acme_idp


@pytest.fixture
def look(watched: Idp, site: Site) -> Callable[[datetime], Connection]:
    def run(at: datetime) -> Connection:
        refresh(watched.connection.pk, at=at, fetch=site.client.fetch)
        return Connection.objects.get()

    return run


def events() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def signs_in(browser: Browser, idp: Idp) -> bool:
    return bool(browser.sign_in(idp).status_code == 302)


def test_a_key_rolls_without_a_failed_sign_in(
    watched: Idp,
    site: Site,
    look: Callable[[datetime], Connection],
    new_browser: Callable[[], Browser],
    at: datetime,
) -> None:
    rolled_over = replace(watched, key=key(NEW))
    assert signs_in(new_browser(), watched)
    # The provider announces the next key, signing with the old one still.
    site.body = written(pem_of(OLD), pem_of(NEW))
    held = look(at)
    assert held.pems() == (pem_of(OLD), pem_of(NEW))
    assert signs_in(new_browser(), watched)
    # It switches over, announcing both: at some servers earlier than at others.
    assert signs_in(new_browser(), rolled_over)
    assert Connection.objects.get().pems() == (pem_of(NEW), pem_of(OLD))
    assert signs_in(new_browser(), watched)
    assert signs_in(new_browser(), rolled_over)
    # The old one is no longer announced.
    site.body = written(pem_of(NEW))
    held = look(at + DAY)
    assert held.pems() == (pem_of(NEW),)
    assert signs_in(new_browser(), rolled_over)
    assert not signs_in(new_browser(), watched)

    assert events().count(EventName.CONNECTION_ROLLED) == 3  # added, moved up, the old one gone
    assert is_tested(held)
    assert held.state == "active"


def test_a_provider_that_replaces_its_key_at_once_keeps_a_day_for_both(
    watched: Idp,
    site: Site,
    look: Callable[[datetime], Connection],
    new_browser: Callable[[], Browser],
    at: datetime,
) -> None:
    site.body = written(pem_of(NEW))

    assert look(at).pems() == (pem_of(NEW), pem_of(OLD))
    assert signs_in(new_browser(), watched)
    assert signs_in(new_browser(), replace(watched, key=key(NEW)))
    assert look(at + DAY).pems() == (pem_of(NEW),)


def test_an_unknown_signature_has_the_metadata_read_at_once(
    watched: Idp,
    site: Site,
    look: Callable[[datetime], Connection],
    new_browser: Callable[[], Browser],
    at: datetime,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    """The key was replaced overnight, and the first person of the morning must not be stuck."""
    look(at)
    site.body = written(pem_of(NEW))
    rolled_over = replace(watched, key=key(NEW))

    with django_capture_on_commit_callbacks() as woken:
        assert not signs_in(new_browser(), rolled_over)
        assert not signs_in(new_browser(), rolled_over)
    refreshes = [call for call in woken if "metadata.refresh" in str(call.args)]
    assert len(refreshes) == 1  # strangers cannot make us ask more often
    look(Connection.objects.get().metadata_check_after or at)

    assert signs_in(new_browser(), rolled_over)
    assert timedelta(minutes=5) <= HASTE


def test_a_certificate_that_an_admin_added_stays_until_its_place_is_needed(
    watched: Idp, site: Site, look: Callable[[datetime], Connection], at: datetime
) -> None:
    by_hand = read_certificate(certificate_until(at + 800 * DAY)).pem
    Connection.objects.update(next_certificate=by_hand)

    for day in range(3):
        assert look(at + day * DAY).pems() == (pem_of(OLD), by_hand)
    site.body = written(pem_of(OLD), pem_of(NEW))
    assert look(at + 3 * DAY).pems() == (pem_of(OLD), pem_of(NEW))


def test_another_entity_id_changes_nothing(
    watched: Idp, site: Site, look: Callable[[datetime], Connection], at: datetime
) -> None:
    site.body = written(pem_of(NEW), entity="https://evil.test/metadata")

    held = look(at)

    assert held.pems() == (pem_of(OLD),)
    assert held.idp_entity_id == "https://idp.acme.test/metadata"
    assert "another identity provider" in held.metadata_error


def test_a_new_sign_in_address_is_proposed_never_followed(
    watched: Idp,
    site: Site,
    look: Callable[[datetime], Connection],
    client_of: Callable[..., Client],
    max_: Membership,
    at: datetime,
) -> None:
    there = "https://login.acme.test/sso"
    site.body = written(pem_of(OLD), sso=there)
    held = look(at)
    assert (held.idp_sso_url, held.proposed_sso_url) == ("https://idp.acme.test/sso", there)
    assert held.state == "degraded"
    assert EventName.CONNECTION_DEGRADED in events()
    client = client_of(max_)
    health = f"/o/acme/sso/{held.pk}/health/"
    assert there in client.get(health).content.decode()
    assert "another sign-in address" in client.get("/o/acme/sso/").content.decode()
    assert "needs attention" in client.get("/o/acme/waiting/").content.decode()

    stale = client.post(f"/o/acme/sso/{held.pk}/address/", {"sso_url": "https://evil.test/"})
    assert stale.status_code == 302
    assert Connection.objects.get().idp_sso_url == "https://idp.acme.test/sso"
    client.post(f"/o/acme/sso/{held.pk}/address/", {"sso_url": there})

    held = Connection.objects.get()
    assert (held.idp_sso_url, held.proposed_sso_url, held.state) == (there, "", "active")
    assert events()[-1] == EventName.CONNECTION_RECOVERED
    assert not is_tested(held)  # to be tested before it is ever activated anew


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (302, b""),
        (200, b"<html>login</html>"),
        (200, b"\xff\xfe"),
        (200, b"x" * 3_000_000),
        (200, b'<!DOCTYPE a [<!ENTITY b "c">]><a/>'),
    ],
)
def test_what_cannot_be_read_leaves_the_last_good_data_in_use(
    watched: Idp,
    site: Site,
    look: Callable[[datetime], Connection],
    new_browser: Callable[[], Browser],
    at: datetime,
    status: int,
    body: bytes,
) -> None:
    site.status, site.body = status, body

    held = look(at)

    assert held.metadata_error
    assert held.metadata_failing_since == at
    assert held.metadata_checked_at is None
    assert held.state == "active"
    assert held.pems() == (pem_of(OLD),)
    assert signs_in(new_browser(), watched)


def test_three_days_of_failure_need_attention_and_end_by_themselves(
    watched: Idp, site: Site, look: Callable[[datetime], Connection], at: datetime
) -> None:
    good, site.status = site.body, 500
    for hours in (0, 24, 71):
        assert look(at + timedelta(hours=hours)).state == "active"
    assert look(at + timedelta(hours=72)).state == "degraded"
    assert look(at + timedelta(hours=80)).degraded_at == at + timedelta(hours=72)
    assert events().count(EventName.CONNECTION_DEGRADED) == 1

    site.status, site.body = 200, good
    held = look(at + timedelta(hours=90))

    assert (held.state, held.metadata_error, held.metadata_failing_since) == ("active", "", None)
    assert events().count(EventName.CONNECTION_RECOVERED) == 1


def test_a_look_that_is_taken_or_not_due_asks_nobody(
    watched: Idp, site: Site, look: Callable[[datetime], Connection], at: datetime
) -> None:
    look(at)
    look(at + timedelta(hours=23))
    assert len(site.asked) == 1

    assert Connection.objects.claim_metadata(watched.connection.pk, at=at + DAY)
    look(at + DAY)

    assert len(site.asked) == 1


def test_an_inside_address_is_never_asked(watched: Idp, at: datetime) -> None:
    Connection.objects.update(metadata_url="https://127.0.0.1/metadata")

    refresh(watched.connection.pk, at=at, fetch=Outbound().fetch)

    assert Connection.objects.get().metadata_error


def test_a_disabled_connection_is_left_alone(
    watched: Idp, site: Site, look: Callable[[datetime], Connection], at: datetime
) -> None:
    actor = system_actor(Organization.objects.current())
    disable_connection(watched.connection, actor=actor, at=at)

    look(at)

    assert site.asked == []


def test_the_sweep_finds_what_is_due(
    watched: Idp, at: datetime, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    with django_capture_on_commit_callbacks() as woken:
        announce_metadata(at)
        Connection.objects.update(metadata_check_after=at + DAY)
        announce_metadata(at)

    assert len(woken) == 1


def test_signing_with_the_second_one_makes_it_the_first_once(
    acme_idp: Idp, organization: Organization, at: datetime
) -> None:
    later = read_certificate(certificate_until(at + 2000 * DAY))
    Connection.objects.update(next_certificate=later.pem)
    actor = system_actor(organization)

    for fingerprint in (later.fingerprint, read_certificate(pem_of(OLD)).fingerprint):
        promote_certificate(acme_idp.connection, actor=actor, at=at, fingerprint=fingerprint)

    assert Connection.objects.get().pems() == (later.pem, pem_of(OLD))
    assert events().count(EventName.CONNECTION_ROLLED) == 1


def test_admins_alone_have_it_read_now(
    watched: Idp,
    client_of: Callable[..., Client],
    max_: Membership,
    aud: Membership,
    ned: Membership,
    django_capture_on_commit_callbacks: Callable[..., Any],
) -> None:
    there = f"/o/acme/sso/{watched.connection.pk}/refresh/"
    assert client_of(aud).post(there).status_code == 403
    assert client_of(ned).post(there).status_code == 404

    with django_capture_on_commit_callbacks() as woken:
        assert client_of(max_).post(there).status_code == 302

    assert any("metadata.refresh" in str(call.args) for call in woken)


def test_whom_to_ask_is_set_by_admins(
    acme_idp: Idp, client_of: Callable[..., Client], max_: Membership, aud: Membership
) -> None:
    there = f"/o/acme/sso/{acme_idp.connection.pk}/contact/"
    assert client_of(aud).post(there, {"help_contact": "me"}).status_code == 403
    assert client_of(max_).post(there, {"help_contact": "x" * 121}).status_code == 422
    assert client_of(max_, stepped_up=False).post(there)["Location"].startswith("/o/acme/step-up")
    client_of(max_).post(there, {"help_contact": " IT  desk,\text. 4711 "})

    assert Connection.objects.get().help_contact == "IT desk, ext. 4711"


@pytest.mark.parametrize(
    ("held", "named", "after"),
    [
        (("a", ""), ["a"], ("a", "")),
        (("a", ""), ["a", "b"], ("a", "b")),
        (("a", "b"), ["b", "a"], ("a", "b")),
        (("a", "b"), ["b"], ("b", "")),
        (("a", "b"), ["b", "c"], ("b", "c")),
        (("a", ""), ["b"], ("b", "a")),
        (("a", "b"), ["c"], ("c", "a")),
        (("a", "b"), ["a", "c"], ("a", "c")),
    ],
)
def test_the_slots_follow_what_is_named(
    held: tuple[str, str], named: list[str], after: tuple[str, str], at: datetime
) -> None:
    pems = {
        name: read_certificate(certificate_until(at + days * DAY)).pem
        for name, days in (("a", 100), ("b", 200), ("c", 300))
    } | {"": ""}

    slots = rolled(
        Slots(pems[held[0]], pems[held[1]]), [pems[name] for name in named], seen=frozenset()
    )

    assert (slots.first, slots.second) == (pems[after[0]], pems[after[1]])
