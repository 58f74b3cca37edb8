"""Fifty at once have the effect of one, on both engines."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from audit.refusals import Refusal
from tenants.access import Actor
from tenants.actions.ends import set_access_end
from tenants.actions.members import contain_member, revoke_member
from tenants.actions.roles import change_role
from tenants.actions.suspending import suspend_member
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


def test_every_way_out_at_once_leaves_an_owner_who_stays(
    actor_of: Callable[..., Actor], at: datetime
) -> None:
    """Another role, suspension, revocation and an end of access, against each other."""
    organization = make_organization("acme")
    owners = [
        make_member(organization, f"{name} Osei", BuiltInRole.OWNER)
        for name in ("Ada", "Bea", "Cem", "Dov")
    ]
    actors = [actor_of(owner) for owner in owners]
    soon = at + timedelta(days=3)

    def revoked(member: Membership, actor: Actor) -> object:
        contain_member(member, actor=actor, at=at)
        return revoke_member(member, actor=actor, at=at)

    attempts: list[Callable[[], object]] = []
    for index, member in enumerate(owners):
        by = actors[(index + 1) % len(actors)]
        attempts += [
            partial(change_role, member, actor=by, at=at, role=BuiltInRole.VIEWER),
            partial(suspend_member, member, actor=by, at=at),
            partial(revoked, member, by),
            partial(set_access_end, member, actor=by, at=at, ends_at=soon),
        ]

    results = race((attempts * PARALLEL)[:PARALLEL], organization_id=organization.pk)

    with organization_scope(organization.pk):
        assert Membership.objects.owners(at=at).filter(access_ends_at=None).exists()
        assert Membership.objects.owners(at=soon).exists()
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
