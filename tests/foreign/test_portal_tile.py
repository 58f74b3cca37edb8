"""A sign-in that begins at the identity provider's own portal, as an employee clicks its tile."""

import pytest

from portal.sso.connecting import entity_id_of
from portal.sso.models import Connection, SignInAttempt
from portal.sso.refusals import Reason
from tests.foreign.conftest import Journey
from tests.foreign.identity_provider import SimpleSaml
from tests.foreign.person import Shown

pytestmark = pytest.mark.django_db


def click_tile(idp: SimpleSaml, journey: Journey, relay: str = "/o/acme/teams/") -> Shown:
    entity_id = entity_id_of(journey.connection.pk)
    asked = journey.person.open(f"{idp.sso_url}?spentityid={entity_id}&RelayState={relay}")
    return journey.person.sign_in(asked, "erin")


def test_the_tile_is_refused_unless_it_was_opted_in_to(
    foreign_idp: SimpleSaml, journey: Journey
) -> None:
    answer = journey.come_back(click_tile(foreign_idp, journey))

    assert answer.status_code == 403
    assert SignInAttempt.objects.get().reason == Reason.UNSOLICITED


def test_the_tile_signs_in_once_where_it_was_opted_in_to(
    foreign_idp: SimpleSaml, journey: Journey
) -> None:
    Connection.objects.update(accepts_unsolicited=True)
    sent = click_tile(foreign_idp, journey)

    assert journey.come_back(sent)["Location"] == "/o/acme/teams/"
    assert "Erin Malone" in journey.client.get("/o/acme/").content.decode()

    assert Journey.of(journey.connection, foreign_idp).come_back(sent).status_code == 403
    assert SignInAttempt.objects.exclude(reason="").get().reason == Reason.REPLAYED


@pytest.mark.parametrize("relay", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
def test_the_tile_leads_to_no_other_host(
    foreign_idp: SimpleSaml, journey: Journey, relay: str
) -> None:
    Connection.objects.update(accepts_unsolicited=True)

    answer = journey.come_back(click_tile(foreign_idp, journey, relay))

    assert answer.status_code in {302, 400, 403}
    assert "evil" not in answer.get("Location", "")
