"""Fifty at once have the effect of one, on both engines."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest
from django.db import transaction

from audit.refusals import Refusal
from tenants.access import Actor
from tenants.actions.members import change_role, contain_member
from tenants.models import Membership, NumberSeries
from tenants.numbers import Series, next_number
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization
from tests.racing import race

pytestmark = pytest.mark.django_db(transaction=True)
PARALLEL = 50


def test_two_owners_ending_each_other_leave_one(
    actor_of: Callable[..., Actor], at: datetime
) -> None:
    organization = make_organization("acme")
    ada = make_member(organization, "Ada Okafor", BuiltInRole.OWNER)
    bea = make_member(organization, "Bea Osei", BuiltInRole.OWNER)
    by_ada, by_bea = actor_of(ada), actor_of(bea)
    attempts = [
        partial(contain_member, bea, actor=by_ada, at=at),
        partial(contain_member, ada, actor=by_bea, at=at),
        partial(change_role, ada, actor=by_ada, at=at, role=BuiltInRole.VIEWER),
        partial(change_role, bea, actor=by_bea, at=at, role=BuiltInRole.VIEWER),
    ]

    results = race((attempts * PARALLEL)[:PARALLEL], organization_id=organization.pk)

    with organization_scope(organization.pk):
        assert Membership.objects.owners(at=at).count() == 1
    unexpected = [r for r in results if isinstance(r, Exception) and not isinstance(r, Refusal)]
    assert unexpected == []


def test_one_of_many_containments_takes_effect(
    actor_of: Callable[..., Actor], at: datetime
) -> None:
    organization = make_organization("acme")
    ada = make_member(organization, "Ada Okafor", BuiltInRole.OWNER)
    mia = make_member(organization, "Mia Castellan", BuiltInRole.VIEWER)
    attempt = partial(contain_member, mia, actor=actor_of(ada), at=at)

    results = race([attempt] * PARALLEL, organization_id=organization.pk)

    assert len([r for r in results if isinstance(r, Membership)]) == 1


def test_numbers_are_gapless_and_never_given_twice() -> None:
    organization = make_organization("acme")

    def take() -> int:
        with transaction.atomic():
            return next_number(Series.REVOCATION)

    results = race([take] * PARALLEL, organization_id=organization.pk)

    assert sorted(map(int, map(str, results))) == list(range(1001, 1001 + PARALLEL))
    with organization_scope(organization.pk):
        assert NumberSeries.objects.get().last == 1000 + PARALLEL
