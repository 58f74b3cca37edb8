"""Reminders: a request that is not answered, access that ends soon. Each exactly once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from audit.models import Event
from portal.grants.actions.decisions import approve_grant, deny_grant, narrow_grant, revoke_grant
from portal.grants.models import Grant, Reminder
from portal.grants.rules import ending_soon
from portal.grants.sweeps import remind_everywhere, settle_everywhere
from portal.grants.terms import Consent
from portal.outlets.occasions import BY_LETTER
from tenants.access import Actor
from tenants.models import Membership

ActorOf = Callable[..., Actor]


def told(name: str) -> int:
    return Event.objects.filter(name=name).count()


class TestAnUnansweredRequest:
    def test_reminds_once_a_day_before_it_lapses(
        self, pending: Grant, sia: Membership, at: datetime
    ) -> None:
        counts = []
        for hours in (47, 48, 49, 71):
            remind_everywhere(at + timedelta(hours=hours))
            counts.append(told("grant.reminded"))

        assert counts == [0, 1, 1, 1]
        event = Event.objects.get(name="grant.reminded")
        assert f"member:{sia.pk}" in BY_LETTER["access-reminder"].choose(event, at)

    def test_never_reminds_after_it_lapsed_or_was_answered(
        self, pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        remind_everywhere(at + timedelta(hours=72))
        deny_grant(pending, actor=actor_of(sia), at=at)
        remind_everywhere(at + timedelta(hours=50))

        assert told("grant.reminded") == 0


class TestAccessThatEndsSoon:
    @pytest.mark.parametrize(
        ("days", "before"),
        [(21, timedelta(hours=24)), (7, timedelta(hours=24)), (1, timedelta(hours=6))],
    )
    def test_is_told_a_day_before_or_in_its_last_quarter(
        self, pending: Grant, sia: Membership, actor_of: ActorOf, at: datetime, days: int,
        before: timedelta,
    ) -> None:  # fmt: skip
        Grant.objects.filter(pk=pending.pk).update(requested_duration=timedelta(days=days))
        grant = approve_grant(pending, actor=actor_of(sia), at=at, consent=Consent())
        assert grant.starts_at is not None
        assert grant.expires_at is not None
        soon = grant.expires_at - before
        assert ending_soon(grant.starts_at, grant.expires_at) == soon

        for instant in (soon - timedelta(microseconds=1), soon, soon + timedelta(hours=1)):
            remind_everywhere(instant)
            assert told("grant.ending") == (instant >= soon)

    def test_is_not_told_of_what_was_revoked(
        self, active: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        revoke_grant(active, actor=actor_of(sia), at=at)

        remind_everywhere(at + timedelta(days=6, hours=12))

        assert told("grant.ending") == 0

    def test_is_told_at_the_new_end_of_what_was_narrowed(
        self, active: Grant, sia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        narrow_grant(
            active, actor=actor_of(sia), at=at, consent=Consent(duration=timedelta(days=2))
        )

        remind_everywhere(at + timedelta(days=1, hours=13))

        assert told("grant.ending") == 1


def test_sweeps_may_come_in_any_order_and_twice(pending: Grant, at: datetime) -> None:
    late = at + timedelta(hours=60)
    for sweep in (remind_everywhere, settle_everywhere, remind_everywhere, remind_everywhere):
        sweep(late)

    assert Reminder.objects.count() == 1
    assert told("grant.reminded") == 1
