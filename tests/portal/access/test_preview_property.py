"""For any change, the preview is the difference that then happens.

Measured twice: by the standings that the preview compares, and by what the actors of before and
after really hold and see.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.refusals import Refusal
from portal.access.effects import PersonEffect, difference, rehearse
from portal.access.standing import Right, RightKind, standings
from portal.catalog.actions import set_resource_access, set_team_access
from portal.catalog.models import Resource, TeamAccess, TeamResourceAccess
from tenants.access import Actor
from tenants.actions.members import reinstate_member
from tenants.actions.roles import change_role, edit_role
from tenants.actions.suspending import suspend_member
from tenants.actions.teams import (
    add_team_member,
    delete_team,
    remove_team_member,
    set_team_permissions,
)
from tenants.clock import now
from tenants.models import Membership, Role, Team, TeamMember
from tenants.permissions import CUSTOMER_ROLES, BuiltInRole, Permission, team_permissions
from tenants.resolving import actor_for_member
from tenants.scoping import organization_scope
from tests.portal.access.worlds import World, make_world

pytestmark = pytest.mark.django_db
Change = Callable[[], Any]
ActorOf = Callable[..., Actor]
PEOPLE = ("Ana", "Ben", "Cleo", "Dov")
LEVELS = ("", "view", "query")
OFFERED = sorted(team_permissions(is_vendor=False))


@dataclass(frozen=True)
class Measured:
    """What somebody holds and sees, asked of the code that serves their requests."""

    is_in: bool = False
    permissions: frozenset[str] = frozenset()
    seen: frozenset[UUID] = frozenset()
    queried: frozenset[UUID] = frozenset()


NOBODY = Measured()


def measure(at: datetime) -> dict[UUID, Measured]:
    rows = Membership.objects.select_related("custom_role", "organization")
    return {row.pk: _measured(row) if row.is_active(at=at) else NOBODY for row in rows}


def _measured(member: Membership) -> Measured:
    actor = actor_for_member(member)
    return Measured(
        is_in=True,
        permissions=frozenset(map(str, actor.permissions)),
        seen=frozenset(Resource.objects.visible_to(actor).values_list("pk", flat=True)),
        queried=_queried(actor),
    )


def _queried(actor: Actor) -> frozenset[UUID]:
    if not actor.may(Permission.CATALOG_VIEW):
        return frozenset()
    given = {"team__in": actor.team_ids, "level": "query"}
    whole = set(TeamAccess.objects.filter(**given).values_list("integration", flat=True))
    single = set(TeamResourceAccess.objects.filter(**given).values_list("resource", flat=True))
    rows = Resource.objects.values_list("pk", "integration_id")
    return frozenset(pk for pk, source in rows if source in whole or pk in single)


@dataclass(frozen=True)
class Stage:
    """A world, the owner who changes it, and the choices of one example."""

    world: World
    actor: Actor
    at: datetime
    one_of: Callable[[Sequence[Any]], Any]
    some_of: Callable[[Sequence[Any]], list[Any]]

    @property
    def somebody(self) -> Membership:
        return self.one_of(list(self.world.people.values()))

    @property
    def team(self) -> Team:
        return self.one_of(self.world.teams)


def built_in_role(s: Stage) -> Change:
    who, role = s.somebody, s.one_of(sorted(CUSTOMER_ROLES))
    return lambda: change_role(who, actor=s.actor, at=s.at, role=role)


def role_made_here(s: Stage) -> Change:
    who, role = s.somebody, s.one_of(s.world.roles)
    return lambda: change_role(who, actor=s.actor, at=s.at, custom_role=role)


def what_a_role_allows(s: Stage) -> Change:
    role, allowed = Role.objects.get(pk=s.one_of(s.world.roles).pk), s.some_of(OFFERED)
    return lambda: edit_role(role, actor=s.actor, version=role.version, permissions=allowed)


def what_a_team_allows(s: Stage) -> Change:
    team, allowed = Team.objects.get(pk=s.team.pk), s.some_of(OFFERED)
    return lambda: set_team_permissions(
        team, actor=s.actor, version=team.version, permissions=allowed
    )


def into_a_team(s: Stage) -> Change:
    team, who = s.team, s.somebody
    return lambda: add_team_member(team, actor=s.actor, membership=who)


def out_of_a_team(s: Stage) -> Change:
    place = s.one_of(list(TeamMember.objects.select_related("team", "membership")))
    return lambda: remove_team_member(place.team, actor=s.actor, membership=place.membership)


def end_of_a_team(s: Stage) -> Change:
    team = s.team
    return lambda: delete_team(team, actor=s.actor)


def access_to_an_integration(s: Stage) -> Change:
    team, source, level = s.team, s.one_of(s.world.integrations), s.one_of(LEVELS)
    return lambda: set_team_access(source, actor=s.actor, team=team, level=level)


def access_to_a_resource(s: Stage) -> Change:
    team, row, level = s.team, s.one_of(s.world.resources), s.one_of(LEVELS)
    return lambda: set_resource_access(row, actor=s.actor, team=team, level=level)


def suspension(s: Stage) -> Change:
    who = s.somebody
    return lambda: suspend_member(who, actor=s.actor, at=s.at)


def reinstatement(s: Stage) -> Change:
    who = s.somebody
    return lambda: reinstate_member(who, actor=s.actor, at=s.at)


CHANGES: Sequence[Callable[[Stage], Change]] = (
    built_in_role, role_made_here, what_a_role_allows, what_a_team_allows, into_a_team,
    out_of_a_team, end_of_a_team, access_to_an_integration, access_to_a_resource, suspension,
    reinstatement,
)  # fmt: skip


@pytest.fixture
def world(db: None) -> Iterator[World]:
    made = make_world(random.Random(5), "acme", most=4)  # noqa: S311
    with organization_scope(made.organization.pk):
        made.add_person("Owner", BuiltInRole.OWNER)
        for name in PEOPLE:
            made.add_person(name, teams=True)
        blocked = made.add_person("Blocked", teams=True)
        blocked.contain(at=now())
        blocked.save()
        yield made


@pytest.mark.parametrize("kind", CHANGES)
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_the_preview_is_what_then_happens(
    data: st.DataObject, kind: Callable[[Stage], Change], world: World, actor_of: ActorOf
) -> None:
    with transaction.atomic():
        stage = Stage(
            world,
            actor_of(world.people["Owner"]),
            now(),
            one_of=lambda rows: data.draw(st.sampled_from(rows)),
            some_of=lambda rows: data.draw(
                st.lists(st.sampled_from(rows), unique=True, min_size=1)
            ),
        )
        check(kind(stage), at=stage.at)
        # A second one meets a world that dice alone would not make.
        check(stage.one_of(CHANGES)(stage), at=stage.at)
        transaction.set_rollback(True)


def check(change: Change, *, at: datetime) -> None:
    """Preview, then do it, and hold the one against the other."""
    told = outcome_of(lambda: rehearse(change, at=at))
    standing, before = standings(at=at), measure(at)
    done = outcome_of(change)
    if isinstance(told, Refusal) or isinstance(done, Refusal):
        assert type(told) is type(done)
        assert measure(at) == before
        return
    after = measure(at)

    assert told == difference(standing, standings(at=at))
    people = {each.member.pk: each for each in told.people}
    for pk, was in before.items():
        check_person(people.get(pk), was, after[pk])


def outcome_of(change: Change) -> Any:
    try:
        with transaction.atomic():
            return change()
    except Refusal as refusal:
        return refusal


def check_person(told: PersonEffect | None, was: Measured, now_: Measured) -> None:
    if told is None:
        assert was == now_
        return
    assert was != now_ or only_of_what_comes_later(told)
    assert (told.comes_in, told.is_shut_out) == (
        not was.is_in and now_.is_in,
        was.is_in and not now_.is_in,
    )
    check_change(told.gained, was, now_)
    check_change(told.lost, now_, was)


def check_change(rights: frozenset[Right], lacking: Measured, having: Measured) -> None:
    """These rights are exactly what `having` holds beyond `lacking`."""
    named = {right.key for right in rights if right.kind is RightKind.PERMISSION}
    assert named == having.permissions - lacking.permissions
    assert having.seen - lacking.seen <= meant(rights, "view", "query") <= having.seen
    assert having.queried - lacking.queried <= meant(rights, "query") <= having.queried
    for right in rights:
        if right.kind is RightKind.RESOURCE:
            had = lacking.queried if right.level == "query" else lacking.seen
            assert UUID(right.key) not in had, "Whoever reaches the same otherwise gained nothing."


def meant(rights: frozenset[Right], *levels: str) -> set[UUID]:
    """The resources that these rights open."""
    found: set[UUID] = set()
    for pk, source in Resource.objects.values_list("pk", "integration_id"):
        ways = {(RightKind.RESOURCE, str(pk)), (RightKind.INTEGRATION, str(source)),
                (RightKind.CATALOGUE, "")}  # fmt: skip
        if any((right.kind, right.key) in ways and right.level in levels for right in rights):
            found.add(pk)
    return found


def only_of_what_comes_later(told: PersonEffect) -> bool:
    """A whole integration, to somebody who had all that is in it one by one."""
    kinds = {right.kind for right in told.gained | told.lost}
    return kinds <= {RightKind.INTEGRATION, RightKind.CATALOGUE}
