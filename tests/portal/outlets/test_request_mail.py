"""Mail about requests with a clock: who hears what, in words of the product."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives

from portal.tickets.actions import file_deletion, file_revocation
from portal.tickets.actions.clocking import escalate_ticket
from portal.tickets.actions.deciding import withdraw_deletion
from portal.tickets.models import Ticket
from portal.tickets.rules import Scope
from tenants.access import system_actor
from tenants.models import Membership, Organization

INSIDE_WORDS = ("ticket", "containment", "contained", "tenant", "breach", "residue", "membership")


def by_address(mails: list[EmailMultiAlternatives]) -> dict[str, str]:
    return {message.to[0]: message.subject for message in mails}


@pytest.fixture
def revocation(
    ada: Membership, mia: Membership, actor_of: Callable[..., Any], at: datetime
) -> Ticket:
    return file_revocation(mia, actor=actor_of(ada), at=at)


def test_a_revocation_is_told_to_its_requester_and_those_who_work_on_requests(
    organization: Organization,
    ada: Membership,
    sia: Membership,
    mia: Membership,
    revocation: Ticket,
    post: Callable[..., Any],
) -> None:
    mails = post(organization)
    assert by_address(mails) == {
        "Ada Okafor <ada@acme.test>": "REV-1001: access of Mia Castellan revoked",
        "Sia Fernandes <sia@acme.test>": "REV-1001: access of Mia Castellan revoked",
    }
    assert "Access was blocked at" in mails[0].body
    assert "http://testserver/o/acme/requests/REV-1001/" in mails[0].body


def test_a_deletion_says_until_when_it_can_be_withdrawn(
    organization: Organization,
    ada: Membership,
    actor_of: Callable[..., Any],
    at: datetime,
    post: Callable[..., Any],
) -> None:
    actor = actor_of(ada)
    ticket = file_deletion(Scope.ALL_METADATA, actor=actor, at=at, confirmation=organization.name)
    (message,) = post(organization)
    assert message.subject == "DEL-301: deletion requested"
    assert "Nothing is deleted before" in message.body
    withdraw_deletion(ticket, actor=actor, at=at)
    assert post(organization) == []


def test_each_level_is_told_once_and_the_vendor_hears_every_one(
    organization: Organization,
    vendor: Organization,
    ada: Membership,
    mia: Membership,
    revocation: Ticket,
    at: datetime,
    post: Callable[..., Any],
) -> None:
    post(organization)
    system = system_actor(organization)
    half = revocation.received_at + timedelta(hours=13)
    escalate_ticket(revocation, actor=system, at=half)
    escalate_ticket(revocation, actor=system, at=half)
    assert by_address(post(organization)) == {
        "security@meridian.test": "REV-1001: 50 % of the time is used"
    }
    escalate_ticket(revocation, actor=system, at=revocation.due_at + timedelta(seconds=1))
    late = [m for m in post(organization) if m.subject == "REV-1001: late"]
    assert {message.to[0] for message in late} == {
        "Ada Okafor <ada@acme.test>",
        "security@acme.test",
        "security@meridian.test",
    }


def test_mails_use_the_words_of_the_product(
    organization: Organization,
    ada: Membership,
    mia: Membership,
    revocation: Ticket,
    at: datetime,
    post: Callable[..., Any],
) -> None:
    escalate_ticket(
        revocation, actor=system_actor(organization), at=revocation.due_at + timedelta(seconds=1)
    )
    for message in post(organization):
        html = message.alternatives[0].content
        said = (message.subject + message.body + html).lower()
        assert [word for word in INSIDE_WORDS if word in said] == []
