"""An effect in words: nobody learns a name from it that they may not know."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.access import showing
from portal.access.effects import Effect, PersonEffect, rehearse
from portal.access.showing import MOST_PEOPLE, shown_effect
from portal.access.standing import NOTHING, Right, RightKind
from portal.catalog.actions import create_integration, set_team_access
from tenants.access import Actor
from tenants.actions.members import contain_member
from tenants.actions.roles import change_role
from tenants.actions.teams import add_team_member, create_team
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tests.cast import make_member

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]


def test_rights_have_readable_names_and_numbers_beyond_some(
    ada: Membership,
    mia: Membership,
    actor_of: ActorOf,
    at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    actor = actor_of(ada)
    effect = rehearse(lambda: change_role(mia, actor=actor, at=at, role=BuiltInRole.ADMIN), at=at)
    # The permission to see the whole catalogue and the whole catalogue are one thing.
    count = len(effect.people[0].gained) - 1
    shown = shown_effect(effect, actor)
    monkeypatch.setattr(showing, "MOST_RIGHTS", 8)
    cut = shown_effect(effect, actor)

    assert shown.summary == "1 person gains."
    (person,) = shown.people
    assert (len(person.gained.named), person.gained.more) == (count, 0)
    assert person.gained.named[0].words == "See who can see what, and why"
    (person,) = cut.people
    assert (len(person.gained.named), person.gained.more) == (8, count - 8)


def test_what_the_looker_may_not_see_is_counted_and_not_named(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    actor = actor_of(ada)
    team = create_team(actor=actor, at=at, name="Finance")
    add_team_member(team, actor=actor, membership=mia)
    source = create_integration(actor=actor, at=at, name="Payroll")
    effect = rehearse(lambda: set_team_access(source, actor=actor, team=team, level="view"), at=at)

    assert shown_effect(effect, actor).people[0].gained.named[0].name == "Payroll"

    editor = make_member(ada.organization, "Edi Tor", BuiltInRole.EDITOR)
    (seen,) = shown_effect(effect, actor_of(editor)).people
    assert seen.gained.named == ()
    assert seen.gained.more == 1

    viewer = make_member(ada.organization, "Vie Wer", BuiltInRole.VIEWER)
    hidden = shown_effect(effect, actor_of(viewer))
    assert hidden.people == ()
    assert hidden.more == 1
    assert hidden.summary == "1 person gains."


def test_whoever_reaches_the_same_in_another_way_loses_nothing(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    """The role that sees everything takes nothing away, though the team's part is now in it."""
    actor = actor_of(ada)
    team = create_team(actor=actor, at=at, name="Finance")
    add_team_member(team, actor=actor, membership=mia)
    source = create_integration(actor=actor, at=at, name="Payroll")
    set_team_access(source, actor=actor, team=team, level="view")

    effect = rehearse(lambda: change_role(mia, actor=actor, at=at, role=BuiltInRole.ADMIN), at=at)
    assert effect.people[0].lost == NOTHING
    raised = rehearse(lambda: set_team_access(source, actor=actor, team=team, level="query"), at=at)
    assert raised.people[0].lost == NOTHING


def test_blocked_access_is_lost_whole(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    actor = actor_of(ada)
    effect = rehearse(lambda: contain_member(mia, actor=actor, at=at), at=at)
    shown = shown_effect(effect, actor)
    assert shown.people[0].is_shut_out
    assert shown.summary == "1 person loses."
    assert shown_effect(Effect(()), actor).summary == "Nobody gains or loses access by it."


def test_the_statements_do_not_grow_with_the_effect(ada: Membership, actor_of: ActorOf) -> None:
    gained = frozenset({Right(RightKind.PERMISSION, "team:view")})
    actor = actor_of(ada)

    def cost(people: int) -> int:
        effect = Effect((PersonEffect(ada, gained, NOTHING),) * people)
        with CaptureQueriesContext(
            connection,
        ) as seen:
            shown = shown_effect(effect, actor)
        assert len(shown.people) == min(people, MOST_PEOPLE)
        assert shown.more == max(0, people - MOST_PEOPLE)
        return len(seen)

    assert cost(2) == cost(2000)
