"""Where the policy asks for two people, one yes opens nothing."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from audit.models import Event
from audit.refusals import Invalid
from portal.grants.actions.decisions import approve_grant
from portal.grants.models import Grant
from portal.grants.refusals import SamePerson
from portal.grants.registrations import grants_waiting
from portal.grants.rules import GrantStatus
from portal.grants.terms import Consent
from tenants.access import Actor, system_actor
from tenants.actions.members import contain_member
from tenants.actions.roles import change_role
from tenants.models import Membership, Policy

ActorOf = Callable[..., Actor]


@pytest.fixture(autouse=True)
def _two_people(pending: Grant) -> None:
    Policy.objects.update(approval_quorum=2)


def test_the_second_person_opens_it(
    pending: Grant, sia: Membership, max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    first = approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent())

    assert first.status == GrantStatus.PENDING_CUSTOMER
    assert not first.active(at)
    assert Event.objects.filter(name="grant.agreed").count() == 1
    assert not grants_waiting(actor_of(sia), at)
    assert grants_waiting(actor_of(max_), at)

    second = approve_grant(first, actor=actor_of(max_), at=at, consent=Consent())

    assert second.active(at)
    assert Event.objects.filter(name="grant.approved").count() == 1


def test_the_same_person_twice_is_one(
    pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent())

    with pytest.raises(SamePerson):
        approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent())

    assert not Grant.objects.get().approved_at


def test_nobody_widens_what_the_first_has_narrowed(
    pending: Grant, sia: Membership, max_: Membership, actor_of: ActorOf, at: datetime
) -> None:
    narrow = Consent(duration=timedelta(days=1), capabilities=("status",))
    approve_grant(pending, actor=actor_of(sia), at=at, consent=narrow)

    for wide in (Consent(duration=timedelta(days=7)), Consent(capabilities=("metadata",))):
        with pytest.raises(Invalid):
            approve_grant(pending, actor=actor_of(max_), at=at, consent=wide)
    opened = approve_grant(pending, actor=actor_of(max_), at=at, consent=Consent())

    assert opened.expires_at == at + timedelta(days=1)
    assert opened.capabilities == ["status"]


def test_the_yes_of_somebody_who_left_does_not_count(
    pending: Grant,
    sia: Membership,
    max_: Membership,
    ada: Membership,
    actor_of: ActorOf,
    at: datetime,
) -> None:
    approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent())
    contain_member(sia, actor=system_actor(sia.organization), at=at)

    assert not approve_grant(pending, actor=actor_of(max_), at=at, consent=Consent()).approved_at
    assert approve_grant(pending, actor=actor_of(ada), at=at, consent=Consent()).active(at)


def test_the_yes_of_somebody_who_may_not_decide_any_more_does_not_count(
    pending: Grant,
    sia: Membership,
    max_: Membership,
    ada: Membership,
    actor_of: ActorOf,
    at: datetime,
) -> None:
    approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent())
    change_role(sia, actor=actor_of(ada), at=at, role="viewer")

    assert not approve_grant(pending, actor=actor_of(max_), at=at, consent=Consent()).approved_at
    assert approve_grant(pending, actor=actor_of(ada), at=at, consent=Consent()).active(at)


def test_the_page_says_that_others_must_agree(
    pending: Grant, sia: Membership, client_of: Callable[..., object]
) -> None:
    client = client_of(sia)
    where = f"/o/acme/access/{pending.reference}/"
    form = {
        "version": pending.version,
        "capabilities": pending.capabilities,
        "integrations": [str(row.object_id) for row in pending.scope.all()],
        "duration": str(int(pending.requested_duration.total_seconds())),
    }

    answer = client.post(f"{where}approve/", form, follow=True)  # type: ignore[attr-defined]

    assert "opens once enough others have agreed" in answer.content.decode()
    assert not Grant.objects.get().approved_at
