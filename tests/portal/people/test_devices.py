"""Where one is signed in, and every sign-in in one's name: shown, and ended at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.people.account import sign_ins_of
from portal.sso.actions import create_connection
from portal.sso.models import SignInAttempt
from portal.sso.refusals import Reason
from tenants.access import system_actor
from tenants.models import Entry, Membership, Organization
from tenants.scoping import organization_scope

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]


def refuse(organization: Organization, member: Membership | None, reference: str) -> SignInAttempt:
    """An attempt through a connection that came to nothing."""
    connection = create_connection(
        actor=system_actor(organization), at=timezone.now(), name=f"IdP {reference}"
    )
    made: SignInAttempt = SignInAttempt.objects.create(
        connection=connection,
        membership=member,
        at=timezone.now(),
        reason=Reason.EXPIRED,
        reference=reference,
        address="198.51.100.7",
    )
    return made


def test_everywhere_means_this_browser_too(ada: Membership, client_of: ClientOf) -> None:
    here, there = client_of(ada), client_of(ada)

    answer = here.post("/account/devices/end-all/")

    assert answer["Location"] == "/"
    assert here.get("/o/acme/").status_code == there.get("/o/acme/").status_code == 302
    assert not Entry.objects.open().filter(membership=ada).exists()
    assert not Session.objects.filter(pk=there.session.session_key).exists()
    reasons = set(Entry.objects.values_list("ended_because", flat=True))
    assert reasons == {"signed out from another device"}


def test_everywhere_is_everywhere_of_this_person_only(
    ada: Membership, max_: Membership, client_of: ClientOf
) -> None:
    other = client_of(max_)

    client_of(ada).post("/account/devices/end-all/")

    assert other.get("/o/acme/").status_code == 200


def test_a_refused_single_sign_on_is_shown_with_its_number(
    organization: Organization, ada: Membership, max_: Membership, client_of: ClientOf
) -> None:
    refuse(organization, ada, "SI-AAAAAAA")
    refuse(organization, max_, "SI-BBBBBBB")
    refuse(organization, None, "SI-CCCCCCC")

    text = client_of(ada).get("/account/devices/").content.decode()

    assert "SI-AAAAAAA" in text
    assert str(Reason.EXPIRED.label) in text
    assert "198.51.100.7" in text
    assert "SI-BBBBBBB" not in text
    assert "SI-CCCCCCC" not in text


def test_a_test_login_is_no_sign_in(organization: Organization, ada: Membership) -> None:
    refuse(organization, ada, "SI-AAAAAAA")
    SignInAttempt.objects.update(is_test=True)

    assert sign_ins_of(ada.user, at=timezone.now()) == []


def test_every_way_in_has_its_own_words(ada: Membership, client_of: ClientOf) -> None:
    for method in ("password", "passkey", "saml", "oidc", "break_glass"):
        client_of(ada, method=method)

    text = client_of(ada).get("/account/devices/").content.decode()

    for words in ("Password", "Passkey", "SAML single sign-on", "OpenID Connect", "Break-glass"):
        assert words in text


def test_the_page_costs_the_same_for_two_sign_ins_and_for_forty(
    organization: Organization, ada: Membership, client_of: ClientOf
) -> None:
    client = client_of(ada)

    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            client.get("/account/devices/")
        return len(seen)

    client.get("/account/devices/")
    few = queries()
    with organization_scope(organization.pk):
        for number in range(40):
            Entry.objects.create(
                session_key=f"s{number}",
                membership=ada,
                method="saml",
                authenticated_at=timezone.now() - timedelta(hours=number),
                seen_at=timezone.now(),
                ended_at=timezone.now() if number % 2 else None,
            )
    assert queries() == few
