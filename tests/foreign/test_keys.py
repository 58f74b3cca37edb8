"""Keys change on either side: an identity provider that others wrote follows, or refuses."""

import pytest
from django.utils import timezone

from portal.sso.actions import prepare_key, promote_key
from portal.sso.models import Connection, ConnectionKey, SignInAttempt
from portal.sso.refusals import Reason
from tenants.access import system_actor
from tenants.models import Organization
from tests.foreign.conftest import Journey, connect, hand_over_metadata
from tests.foreign.identity_provider import SimpleSaml

pytestmark = pytest.mark.django_db


def prepared(connection: Connection) -> ConnectionKey:
    return prepare_key(connection, actor=system_actor(connection.organization), at=timezone.now())


def promoted(key: ConnectionKey, connection: Connection) -> None:
    promote_key(key, actor=system_actor(connection.organization), at=timezone.now())


def test_an_unsigned_request_is_refused_by_an_idp_that_asks_for_signatures(
    organization: Organization, foreign_idp: SimpleSaml, journey: Journey
) -> None:
    Connection.objects.update(signs_requests=False)

    assert "but no signature found on message" in journey.leave().words()


@pytest.mark.parametrize("binding", Connection.Binding)
def test_a_signed_request_is_read_by_either_binding(
    organization: Organization, foreign_idp: SimpleSaml, binding: str
) -> None:
    connection = connect(organization, foreign_idp, domain="acme.test", idp_binding=binding)

    assert Journey.of(connection, foreign_idp).sign_in("erin")["Location"] == "/o/acme/"


def test_our_new_key_is_known_before_it_signs(
    connection: Connection, foreign_idp: SimpleSaml, journey: Journey
) -> None:
    key = prepared(connection)
    hand_over_metadata(connection, foreign_idp)
    promoted(key, connection)

    assert journey.sign_in("erin")["Location"] == "/o/acme/"


def test_a_key_that_was_never_handed_over_is_refused_by_the_idp(
    connection: Connection, journey: Journey
) -> None:
    promoted(prepared(connection), connection)

    assert "Unable to validate signature" in journey.leave().words()


def test_their_next_certificate_is_taken_from_metadata_before_it_signs(
    organization: Organization, foreign_idp: SimpleSaml
) -> None:
    foreign_idp.make_key("second")
    foreign_idp.be(next_key="second")
    connection = connect(organization, foreign_idp, domain="acme.test")
    assert len(connection.pems()) == 2

    before = Journey.of(connection, foreign_idp)
    assert before.sign_in("erin")["Location"] == "/o/acme/"
    foreign_idp.be(key="second", next_key="")
    assert Journey.of(connection, foreign_idp).sign_in("omar")["Location"] == "/o/acme/"


def test_a_key_of_theirs_that_nobody_announced_is_refused(
    foreign_idp: SimpleSaml, journey: Journey
) -> None:
    foreign_idp.make_key("surprise")
    foreign_idp.be(key="surprise")

    answer = journey.sign_in("erin")

    assert answer.status_code == 403
    assert SignInAttempt.objects.get().reason == Reason.SIGNATURE
