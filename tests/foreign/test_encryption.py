"""Assertions that only we can read: encrypted by others for the key that our metadata names."""

import base64

import pytest
from django.utils import timezone

from portal.sso.actions import retire_key
from portal.sso.models import Connection, ConnectionKey, SignInAttempt
from portal.sso.refusals import Reason
from tenants.access import system_actor
from tests.foreign.conftest import Journey
from tests.foreign.identity_provider import SimpleSaml
from tests.foreign.person import Shown
from tests.foreign.test_keys import prepared, promoted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _encrypting(foreign_idp: SimpleSaml) -> None:
    foreign_idp.be(encrypt=True)


def document_in(answer: Shown) -> str:
    return base64.b64decode(answer.form("SAMLResponse").fields["SAMLResponse"]).decode()


@pytest.mark.parametrize("changes", [{}, {"sign_response": True}], ids=["inside", "both"])
def test_an_encrypted_assertion_is_opened(
    foreign_idp: SimpleSaml, journey: Journey, changes: dict[str, bool]
) -> None:
    foreign_idp.be(**changes)

    answer = journey.person.sign_in(journey.leave(), "erin")

    assert "EncryptedAssertion" in document_in(answer)
    assert "erin@acme.test" not in document_in(answer)
    assert journey.come_back(answer)["Location"] == "/o/acme/"


def test_what_was_encrypted_for_our_former_key_opens_until_it_is_retired(
    foreign_idp: SimpleSaml, connection: Connection, journey: Journey
) -> None:
    """Their copy of our metadata is old: they still encrypt for the key we have replaced."""
    foreign_idp.be(require_signed_requests=False)
    former = ConnectionKey.objects.get()
    promoted(prepared(connection), connection)
    assert journey.sign_in("erin")["Location"] == "/o/acme/"

    retire_key(former, actor=system_actor(connection.organization), at=timezone.now())
    answer = journey.come_back(journey.leave())

    assert answer.status_code == 403
    assert SignInAttempt.objects.exclude(reason="").get().reason == Reason.DECRYPTION
