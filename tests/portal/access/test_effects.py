"""A preview says exactly what then happens, and leaves nothing behind."""

from collections.abc import Callable
from datetime import datetime

import pytest

from audit.models import Event
from portal.access.effects import rehearse
from portal.access.standing import WHOLE_CATALOGUE, Right, RightKind, standings
from portal.catalog.actions import create_integration, set_team_access
from tenants.access import Actor
from tenants.actions.members import contain_member
from tenants.actions.roles import change_role
from tenants.actions.teams import add_team_member, create_team
from tenants.models import Membership
from tenants.permissions import BuiltInRole

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]


def test_a_role_change_is_shown_and_not_made(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    events = Event.objects.count()
    effect = rehearse(
        lambda: change_role(mia, actor=actor_of(ada), at=at, role=BuiltInRole.ADMIN), at=at
    )

    assert [each.member for each in effect.people] == [mia]
    assert WHOLE_CATALOGUE in effect.people[0].gained
    assert not effect.people[0].lost
    mia.refresh_from_db()
    assert mia.role == BuiltInRole.VIEWER
    assert Event.objects.count() == events


def test_access_of_a_team_reaches_its_members(
    ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
) -> None:
    actor = actor_of(ada)
    team = create_team(actor=actor, at=at, name="Finance")
    add_team_member(team, actor=actor, membership=mia)
    source = create_integration(actor=actor, at=at, name="Warehouse")

    effect = rehearse(lambda: set_team_access(source, actor=actor, team=team, level="query"), at=at)
    assert [each.member for each in effect.people] == [mia]
    assert effect.people[0].gained == {Right(RightKind.INTEGRATION, str(source.pk), "query")}

    set_team_access(source, actor=actor, team=team, level="query")
    shut = rehearse(lambda: contain_member(mia, actor=actor, at=at), at=at)
    assert shut.people[0].is_shut_out
    assert shut.people[0].lost == standings(at=at)[mia.pk]
