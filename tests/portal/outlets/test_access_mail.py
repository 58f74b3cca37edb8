"""Mail about cases and diagnostic access: to the side whose turn it is."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives

from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.actions.decisions import approve_grant, deny_grant, revoke_grant
from portal.grants.actions.requests import endorse_grant
from portal.grants.models import Grant
from portal.grants.terms import Consent
from tenants.models import Membership, Organization


def told(mails: list[EmailMultiAlternatives]) -> set[str]:
    return {message.to[0] for message in mails}


SIA, SAM, LEA = (
    "Sia Fernandes <sia@acme.test>",
    "Sam Whitlock <sam@meridian.test>",
    "Lea Moreau <lea@meridian.test>",
)


def test_the_support_lead_is_asked_first_then_the_customer(
    organization: Organization,
    sia: Membership,
    lea: Membership,
    requested: Grant,
    staff_of: Callable[..., Any],
    at: datetime,
    post: Callable[..., Any],
) -> None:
    (to_lead,) = post(organization)
    assert to_lead.to == [LEA]
    assert "/console/grants/acme/DIA-51/" in to_lead.body
    assert "/o/acme/" not in to_lead.body
    endorse_grant(requested, actor=staff_of(lea), at=at)
    (to_customer,) = post(organization)
    assert to_customer.to == [SIA]
    assert "http://testserver/o/acme/access/DIA-51/" in to_customer.body
    assert "Nothing is open before you approve" in to_customer.body


def test_approval_and_revocation_are_told_to_both_sides(
    organization: Organization,
    sia: Membership,
    pending: Grant,
    actor_of: Callable[..., Any],
    at: datetime,
    post: Callable[..., Any],
) -> None:
    post(organization)
    grant = approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent())
    mails = post(organization)
    assert told(mails) == {SIA, SAM, "security@acme.test"}
    to_staff = next(message for message in mails if message.to == [SAM])
    assert "/console/grants/" in to_staff.body
    revoke_grant(grant, actor=actor_of(sia), at=at)
    revoked = post(organization)
    assert told(revoked) == {SIA, SAM}
    assert {message.subject for message in revoked} == {"DIA-51: diagnostic access revoked"}


def test_a_denial_is_told(
    organization: Organization,
    sia: Membership,
    pending: Grant,
    actor_of: Callable[..., Any],
    at: datetime,
    post: Callable[..., Any],
) -> None:
    post(organization)
    deny_grant(pending, actor=actor_of(sia), at=at)
    assert "Nothing was opened." in post(organization)[0].body


def test_a_case_opened_by_support_is_told_a_customers_own_is_not(
    organization: Organization,
    sia: Membership,
    sam: Membership,
    staff_of: Callable[..., Any],
    actor_of: Callable[..., Any],
    at: datetime,
    post: Callable[..., Any],
) -> None:
    open_case(CaseFacts("Ours"), actor=actor_of(sia), at=at)
    assert post(organization) == []
    open_case(CaseFacts("Import is slow"), actor=staff_of(sam), at=at)
    (message,) = post(organization)
    assert message.to == [SIA]
    assert "Import is slow" in message.body


@pytest.mark.parametrize("decide", [approve_grant, deny_grant])
def test_a_stale_question_is_not_mailed(
    organization: Organization,
    sia: Membership,
    pending: Grant,
    actor_of: Callable[..., Any],
    at: datetime,
    post: Callable[..., Any],
    decide: Callable[..., Any],
) -> None:
    consent = {"consent": Consent()} if decide is approve_grant else {}
    decide(pending, actor=actor_of(sia), at=at, **consent)
    assert not any("asks for access" in message.subject for message in post(organization))
